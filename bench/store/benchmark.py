"""Benchmark: one benchmark of a file of pytest-benchmark, every number of it checked.

One of the fixture `bench_cell` is a cell of ours; its figures are those of whole rounds, so they are called `step_wall`
and `inference_wall`. Any other is a foreign cell with the metric `call`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import files
from bench.errors import BenchError
from bench.metrics import named
from bench.plan.cell import Cell
from bench.store import checked
from bench.store.result import Floats, Measurement
from bench.store.spread import COUNTS, NAMES, Spread
from bench.store.stored import CELL_FIELDS

_WALLS = {"train": "step_wall", "inference": "inference_wall"}
_EXACT = named(lambda row: row.imported and row.kind == "exact")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark of a file, its numbers checked.

    Attributes:
        cell: what was timed.
        time: the median call, with samples and spread; None where the clock resolved none.
        metric: the name of that time.
        counts: exact counts that were noted beside it.
        system: hardware and software as the benchmark itself saw them; empty where it did not say.

    """

    cell: Cell
    time: Measurement | None
    metric: str
    counts: tuple[Measurement, ...]
    system: Mapping[str, Any]


def benchmark_of(stored: Any, number: int, path: Path) -> Benchmark:
    """The benchmark of that number in the file at `path`, counted from 1.

    Raises:
        BenchError: it has no figures, or something in it is odd: one line with its name.

    """
    place = f"{path}: benchmark {number}"
    if not isinstance(stored, dict) or not isinstance(stored.get("stats"), dict):
        raise BenchError(f"{place} has no stats: write the file again with pytest-benchmark")
    name = checked.name(stored.get("fullname") or stored.get("name"), place)
    place = f"{place} ({name})" if name else place
    extra = stored["extra_info"] if isinstance(stored.get("extra_info"), dict) else {}
    cell = _own_cell(extra.get("bench_cell"), place) or Cell.foreign(name or f"benchmark {number}")
    metric = "call" if cell.is_foreign else _WALLS.get(str(extra.get("bench_part")), "step_wall")
    value, samples, spread = _times(stored["stats"], place)
    threads = None if cell.is_foreign else cell.threads
    counts = {name: extra[name] for name in _EXACT if isinstance(extra.get(name), int | float)}
    return Benchmark(
        cell=cell,
        time=Measurement.of_value(metric, value, "median", threads, samples, spread=spread) if value else None,
        metric=metric,
        counts=tuple(
            Measurement.of_value(name, checked.number(value, name, place, "count"), "exact")
            for name, value in counts.items()
        ),
        system=checked.plain(extra["system"], "system", place) if isinstance(extra.get("system"), dict) else {},
    )


def _own_cell(stored: Any, place: str) -> Cell | None:
    """The cell that `bench_cell` noted; None where it noted none.

    Raises:
        BenchError: a field has a value that it cannot have; the default in its place would claim what nobody measured.

    """
    architecture = checked.name(stored.get("architecture"), place) if isinstance(stored, dict) else ""
    if not architecture:
        return None
    checked.plain(stored, "bench_cell", place)
    for name in CELL_FIELDS.keys() & stored.keys():
        try:
            files.check_shape(stored[name], CELL_FIELDS[name])
        except ValueError as error:
            what = f"{name} {checked.shown(stored[name])} in its bench_cell"
            raise BenchError(f"{place} has {what}, which it cannot be: {checked.AGAIN}") from error
    return Cell.from_dict({**stored, "architecture": architecture})


def _times(stats: Mapping[str, Any], place: str) -> tuple[float, Floats, Spread]:
    """The median, the samples where the file kept them (--benchmark-save-data), and the rest of its figures."""
    value = checked.number(stats.get("median"), "median", place)
    data = stats.get("data")
    samples = checked.numbers(data, "sample", place) if isinstance(data, list) else np.empty(0)
    known = {name: stats[name] for name in NAMES if stats.get(name) is not None}
    figures = {
        name: checked.count(figure, name, place) if name in COUNTS else checked.number(figure, name, place)
        for name, figure in known.items()
    }
    return value, samples, Spread(**figures)  # type: ignore[arg-type] # counts are whole
