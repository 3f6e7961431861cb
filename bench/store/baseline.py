"""Baseline: results/baselines/NAME.jsonl, what accepted runs said, as short lines that can be reviewed in a diff.

A first line names the schema. A machine and a set of exact counts stand once each, under their digest; a run adds one
line a cell that names both. Keys are sorted, and a file only ever grows by lines at its end.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Required, TypedDict

from msgspec import Meta

from bench import files
from bench.errors import EXIT_NOT_COMPARABLE, BenchError, unknown
from bench.plan.cell import Cell
from bench.store.fingerprint import Fingerprint
from bench.store.run import BASELINES
from bench.store.stored import Count, LogRatio, Number, Seconds, StoredCell
from bench.store.summary import CellSummary
from bench.vocabulary import SEGMENT_STARTS, SegmentStart, word

SCHEMA = 2
_RESTORE = "restore the file, for instance with git checkout"
_MARKS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")  # of a merge that git could not make
_DIGITS = 6  # significant ones of a mean: a millionth is below any noise


class SchemaError(BenchError):
    """The baseline was written by another version."""

    exit_code = EXIT_NOT_COMPARABLE


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline as read.

    Attributes:
        name: the file's, without its suffix.
        path: the file.
        summaries: of every accepted run and cell, in the order in which they were accepted.
        problem: what is wrong with its last line, or "".

    """

    name: str
    path: Path
    summaries: tuple[CellSummary, ...]
    problem: str = ""

    def runs(self) -> list[str]:
        """The names of the runs, in the order in which they were accepted."""
        return list(dict.fromkeys(summary.run for summary in self.summaries))


def names(folder: Path = BASELINES) -> list[str]:
    """The baselines there are."""
    return sorted(path.stem for path in folder.glob("*.jsonl"))


def path_of(name: str, folder: Path = BASELINES) -> Path:
    """The file of the baseline of that name, which lies nowhere but in the folder; a new one has to be named plainly.

    Raises:
        BenchError: the name cannot be a file's.

    """
    if name not in names(folder) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise BenchError(f"'{name}' cannot name a baseline: use letters, digits, '.', '_' and '-' (--name NAME)")
    return folder / f"{name}.jsonl"


def load(name: str, folder: Path = BASELINES) -> Baseline:
    """The baseline of that name.

    A last line that was cut off while it was written is named in `problem` and passed over.

    Raises:
        BenchError: there is none of that name, or a line of it is damaged.
        SchemaError: it was written by another version.

    """
    path = path_of(name, folder)
    if not path.exists():
        known = names(folder)
        if not known:
            raise BenchError(f"no baseline '{name}': make one with python -m bench baseline save --name {name}")
        raise unknown("baseline", name, known, "baseline list")
    summaries = tuple(_summaries(path, files.read_lines(path, _RESTORE)))
    return Baseline(name, path, summaries, files.cut_off(path))


def save(name: str, summaries: Iterable[CellSummary], folder: Path = BASELINES) -> tuple[Path, int]:
    """Add what a run said to the baseline, which is made where there is none; the file, and how many lines are new.

    A run that is in it already adds nothing, but a mark that its readings now have (`begins`) is put on their lines.
    The file is replaced in one move, so that it is never half written; what is left of a line that was cut off goes.

    Raises:
        BenchError: the name cannot be a file's, the baseline is damaged, or the folder cannot be written.

    """
    path = path_of(name, folder)
    before = load(name, folder) if path.exists() else Baseline(name, path, ())
    accepted = list(summaries)
    known = {(summary.run, summary.started) for summary in before.summaries}
    fresh = [summary for summary in accepted if (summary.run, summary.started) not in known]
    marks = {(summary.id, summary.run, summary.started): summary.begins for summary in accepted if summary.begins}
    kept = [
        replace(summary, begins=marks.get((summary.id, summary.run, summary.started), summary.begins))
        for summary in before.summaries
    ]
    changed = sum(new != old for new, old in zip(kept, before.summaries, strict=True))
    if fresh or changed:
        for summary in fresh:  # what could not be read back would cost the whole file
            lines = (files.Line(f"{line}\n".encode(), f"what run '{summary.run}' says") for line in _lines([summary]))
            list(_summaries(path, lines, "measure it again"))
        _write(path, [*kept, *fresh])
    return path, len(fresh) + changed


def drop(name: str, run: str | None = None, folder: Path = BASELINES) -> int:
    """Remove one run from the baseline, or all of it; how many lines went.

    Raises:
        BenchError: there is no such baseline, or no such run in it.

    """
    baseline = load(name, folder)
    if run is None:
        files.remove(baseline.path, "free the path")
        return len(baseline.summaries)
    kept = [summary for summary in baseline.summaries if summary.run != run]
    if len(kept) == len(baseline.summaries):
        raise unknown(f"run of the baseline '{name}'", run, baseline.runs(), f"baseline show {name}")
    _write(baseline.path, kept)
    return len(baseline.summaries) - len(kept)


def _write(path: Path, summaries: Iterable[CellSummary]) -> None:
    files.make_folder(path.parent)
    files.replace(path, "".join(line + "\n" for line in _lines(summaries)))


def _lines(summaries: Iterable[CellSummary]) -> Iterable[str]:
    """The file's lines: each machine and each set of counts before the first line that names it."""
    yield files.canonical({"schema": SCHEMA})
    written: set[str] = set()
    for summary in summaries:
        exact = {name: int(value) if float(value).is_integer() else value for name, value in summary.counts.items()}
        machine, counts = summary.machine.digest, files.digest(exact)
        for line in ({"machine": machine, "facts": summary.machine.fields}, {"counts": counts, "exact": exact}):
            text = files.canonical(line)
            if text not in written:
                written.add(text)
                yield text
        yield files.canonical(_stored(summary, machine, counts))


def _stored(summary: CellSummary, machine: str, counts: str) -> dict[str, Any]:
    """The line of one summary; what is unknown is left out."""
    defaults = {field.name: field.default for field in fields(Cell)}
    cell = {name: value for name, value in summary.cell.to_dict().items() if value is not None}
    line: dict[str, Any] = {
        "cell": {name: value for name, value in cell.items() if value != defaults[name]},
        "counts": counts,
        "id": summary.id,
        "machine": machine,
        "definition": summary.definition,
        "run": summary.run,
        "revision": summary.revision,
        "dirty": summary.dirty,
        "begins": summary.begins,
        "started": summary.started,
        "log_cost": _short(summary.log_cost),
        "reference": _short(summary.reference),
        "processes": summary.processes or None,
        "step": _short(summary.step),
        "accuracy": {str(seed): _short(value) for seed, value in summary.accuracy.items()},
        "epochs": summary.epochs,
        "peak_memory": None if summary.peak_memory is None else round(summary.peak_memory),
    }
    # not by truth: a cost of 0 is that of the reference
    return {
        name: value
        for name, value in line.items()
        if value is not None and value is not False and value not in ("", {})
    }


def _summaries(path: Path, lines: Iterable[files.Line], remedy: str = _RESTORE) -> Iterable[CellSummary]:
    """The summaries of whole lines of the file."""
    machines: dict[str, Fingerprint] = {}
    counts: dict[str, Mapping[str, float]] = {}
    for number, stored in enumerate(lines):
        _check_conflict(stored)
        line = files.parsed(stored, remedy)
        with files.damage_told(stored.place, remedy):
            if number == 0:
                _check_schema(line["schema"], path)
            elif "facts" in line:
                machines[line["machine"]] = Fingerprint(line["facts"])
            elif "exact" in line:
                files.check_shape(line["exact"], dict[str, Number])
                counts[line["counts"]] = line["exact"]
            else:
                files.check_shape(line, StoredSummary)
                yield _read(line, machines, counts)


def _check_conflict(line: files.Line) -> None:
    """See that it is no mark of a conflict.

    Raises:
        BenchError: git left it there when two branches had accepted runs.

    """
    if line.text.startswith(_MARKS):
        raise BenchError(
            f"{line.place} is a conflict that git left, since both sides accepted runs: keep the lines of both and "
            "remove those with marks; so that git joins them itself: "
            "echo 'results/baselines/*.jsonl merge=union' >> .gitattributes"
        )


class StoredSummary(TypedDict, total=False):
    """A line of a summary; what is unknown is left out."""

    cell: Required[StoredCell]
    counts: Required[str]
    id: Required[str]
    machine: Required[str]
    definition: str
    run: Required[str]
    revision: str
    dirty: bool
    begins: SegmentStart
    started: str
    log_cost: LogRatio
    reference: Seconds
    processes: Count
    step: Seconds
    accuracy: dict[str, Annotated[float, Meta(ge=0, le=1)]]
    epochs: Count
    peak_memory: Count


def _read(
    line: Mapping[str, Any], machines: Mapping[str, Fingerprint], counts: Mapping[str, Mapping[str, float]]
) -> CellSummary:
    return CellSummary(
        cell=Cell.from_dict(line["cell"]),
        run=line["run"],
        revision=line.get("revision", ""),
        dirty=line.get("dirty", False),
        begins=word(line.get("begins", ""), SEGMENT_STARTS),
        started=line.get("started", ""),
        machine=machines[line["machine"]],
        definition=line.get("definition", ""),
        log_cost=line.get("log_cost"),
        reference=line.get("reference"),
        processes=line.get("processes", 0),
        step=line.get("step"),
        accuracy={int(seed): float(value) for seed, value in line.get("accuracy", {}).items()},
        epochs=line.get("epochs"),
        peak_memory=line.get("peak_memory"),
        counts=counts[line["counts"]],
    )


def _check_schema(schema: object, path: Path) -> None:
    try:
        files.check_schema(schema, SCHEMA, str(path), "save a new baseline, or use the version it is of")
    except BenchError as error:
        raise SchemaError(str(error)) from error


def _short(value: float | None) -> float | None:
    """The value to so many significant digits, or to as many places for what is below 1."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
