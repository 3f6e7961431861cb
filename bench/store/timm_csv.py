"""Reads a CSV of timm's benchmark.py: how fast each model was, trained or not, on somebody's machine.

The columns of a part begin with `infer_` or `train_`; times are milliseconds a batch, parameters millions. The device,
the precision and the version of torch are in no column: that the file's name may tell them is left to who reads it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.errors import BenchError
from bench.store import checked
from bench.store.elsewhere import Figure, FigureFile
from bench.vocabulary import FigurePart

TOOL = "timm's benchmark.py"
_REMEDY = "give the CSV that timm's benchmark.py wrote with --results-file"
_PREFIXES: Mapping[str, FigurePart] = {"infer": "inference", "train": "training"}
_RATES = {f"{prefix}_samples_per_sec": prefix for prefix in _PREFIXES}
_PASSES = {"forward": "fwd_time", "backward": "bwd_time", "optimizer": "opt_time"}  # with --detail


class NotTimmError(BenchError):
    """The file is a whole CSV, and of another tool."""


def read(path: Path) -> FigureFile:
    """The figures of one file, a row of it one or two.

    Raises:
        BenchError: it cannot be read, or a row of it is damaged; or it holds no figure.
        NotTimmError: it has other columns.

    """
    text, digest = checked.text_of(path, _REMEDY)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = list(rows.fieldnames or ())
        if "model" not in columns or not _RATES.keys() & {*columns}:
            wanted = " or ".join(_RATES)
            raise NotTimmError(f"{path} is not of {TOOL}, it has no column model and {wanted}: {_REMEDY}")
        figures = [figure for row in rows for figure in _figures(row, f"{path} line {rows.line_num}")]
    except csv.Error as error:
        raise BenchError(f"{path} is not whole CSV ({error}): {_REMEDY}") from error
    if not figures:
        raise BenchError(f"{path} holds no figure: {_REMEDY}")
    return FigureFile(file=checked.printable(path.name), sha256=digest, tool=TOOL, figures=tuple(figures))


def _figures(row: Mapping[str | None, str | list[str] | None], line: str) -> Iterator[Figure]:
    """What a row says of each part; none of a model that failed, whose cells are empty."""
    if None in row:
        raise BenchError(f"{line} has more cells than there are columns: {checked.AGAIN}")
    cells = {str(column): cell for column, cell in row.items() if isinstance(cell, str) and cell.strip()}
    model = checked.name(cells.get("model"), line)
    if not model:
        raise BenchError(f"{line} names no model: {checked.AGAIN}")
    place = f"{line} ({model})"
    parameters = _number(cells, "param_count", place)
    for prefix, part in _PREFIXES.items():
        rate = _number(cells, f"{prefix}_samples_per_sec", place)
        if rate is None:
            continue
        passes = {name: _number(cells, f"{prefix}_{column}", place) for name, column in _PASSES.items()}
        step = _number(cells, f"{prefix}_step_time", place)
        yield Figure(
            model=model,
            part=part,
            images_per_second=rate,
            seconds=None if step is None else step / 1e3,
            passes={name: value / 1e3 for name, value in passes.items() if value is not None},
            batch_size=_whole(cells, f"{prefix}_batch_size", place),
            image_size=_whole(cells, f"{prefix}_img_size", place),
            parameters=None if parameters is None else parameters * 1e6,
            device=checked.name(cells.get("device"), place),
        )


def _number(cells: Mapping[str, str], column: str, place: str) -> float | None:
    """A positive number of a column; None where the cell is empty or the column is not there."""
    if column not in cells:
        return None
    try:
        value: float | str = float(cells[column])
    except ValueError:
        value = cells[column]
    if (real := checked.number(value, column, place, "number")) == 0:
        raise BenchError(f"{place} has the {column} 0, which is no measurement: {checked.AGAIN}")
    return real


def _whole(cells: Mapping[str, str], column: str, place: str) -> int | None:
    """A whole number of a column, which pandas writes as 1024.0 where others are missing."""
    value = _number(cells, column, place)
    return None if value is None else checked.count(value, column, place)
