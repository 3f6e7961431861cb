"""Reads the JSON of pytest-benchmark, all its versions: the facts of a run and a result for each benchmark.

A benchmark of the fixture `bench_cell` is a cell of ours; its figures are those of whole rounds, so they are called
`step_wall` and `inference_wall`. Any other is a foreign cell with the metric `call`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.metrics import named
from bench.plan.cell import Cell
from bench.store import checked
from bench.store.result import Floats, Measurement, Result
from bench.store.spread import COUNTS, NAMES, Spread

TOOL = "pytest-benchmark"
NO_TIME = "the median of its rounds is 0 s: a call takes less than the clock resolves"
_REMEDY = "give a file that pytest wrote with --benchmark-json, --benchmark-save or --benchmark-autosave"
_WALLS = {"train": "step_wall", "inference": "inference_wall"}
_EXACT = named(lambda row: row.imported and row.kind == "exact")


class NotOursError(BenchError):
    """The file is whole, and of another tool."""


@dataclass(frozen=True, slots=True)
class _Benchmark:
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


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """The facts for run.json and the results of one file, at least one of which has a time.

    Two benchmarks of one name are two results of one cell, with a repeat each; one whose clock resolved nothing is
    skipped, with the reason.

    Raises:
        BenchError: it cannot be read, or one of its benchmarks is damaged.
        NotOursError: it is no file of pytest-benchmark.

    """
    document, digest = _document(path)
    benchmarks = [_benchmark(stored, number, path) for number, stored in enumerate(document["benchmarks"], 1)]
    started = _moment(document.get("datetime"), f"{path} has the datetime")
    results = _results(benchmarks, _system(document["machine_info"], path), started)
    if all(result.status != "ok" for result in results):
        raise BenchError(f"{path} holds no time: {NO_TIME}; give a file with longer calls")
    version = document.get("version")
    facts = {
        "status": "finished",
        "started": started,
        "plan": {"suite": TOOL, "precision": None},
        "git": _git(document.get("commit_info"), path),
        "versions": {TOOL: checked.name(version, f"{path}: its version") or "unknown"},
        "imported": checked.printable(path.name),
        "imported_digest": digest,
        "cells": len({result.cell for result in results}),
    }
    return facts, results


def _document(path: Path) -> tuple[dict[str, Any], str]:
    """The file as plain data that has benchmarks and a machine, and its SHA-256."""
    text, digest = checked.text_of(path, _REMEDY)
    document = checked.parsed(text, path, _REMEDY)
    if not isinstance(document, dict) or not isinstance(document.get("benchmarks"), list):
        raise NotOursError(f"{path} is not of pytest-benchmark, it has no list of benchmarks: {_REMEDY}")
    if not isinstance(document.get("machine_info"), dict):
        raise BenchError(f"{path} does not say on which machine it was measured (machine_info): {_REMEDY}")
    if not document["benchmarks"]:
        raise BenchError(f"{path} holds no benchmark: {_REMEDY}")
    return document, digest


def _benchmark(stored: Any, number: int, path: Path) -> _Benchmark:
    """One benchmark; what is odd in it is refused under its name."""
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
    return _Benchmark(
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
    for field in fields(Cell):
        value = stored.get(field.name, field.default)
        if not _fits(value, field.default):
            what = f"{field.name} {checked.shown(value)} in its bench_cell"
            raise BenchError(f"{place} has {what}, which it cannot be: {checked.AGAIN}")
    return Cell.from_dict({**stored, "architecture": architecture})


def _fits(value: Any, default: Any) -> bool:
    """Whether a field of that default may have the value: a truth value is no number."""
    if isinstance(default, int):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if default is None:
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    if isinstance(default, tuple):  # of origins, each such as "architecture=my_nets.py:MyNet"
        return isinstance(value, list | tuple) and all(isinstance(text, str) and "=" in text for text in value)
    return isinstance(value, str)


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


def _results(benchmarks: Iterable[_Benchmark], machine: Mapping[str, Any], started: str) -> list[Result]:
    """The results by cell; what one cell has twice goes to the next repeat, so that nothing is lost."""
    repeats: dict[Cell, list[dict[str, Measurement | None]]] = {}
    systems: dict[Cell, list[Mapping[str, Any]]] = {}
    for benchmark in benchmarks:
        gathered, seen = repeats.setdefault(benchmark.cell, []), systems.setdefault(benchmark.cell, [])
        at = next((at for at, noted in enumerate(gathered) if _joins(benchmark, noted)), len(gathered))
        if at == len(gathered):
            gathered.append({})
            seen.append(benchmark.system or machine)
        gathered[at] |= {benchmark.metric: benchmark.time, **{count.metric: count for count in benchmark.counts}}
    return [
        _result(cell, repeat, noted, systems[cell][repeat], started)
        for cell, gathered in repeats.items()
        for repeat, noted in enumerate(gathered)
    ]


def _joins(benchmark: _Benchmark, noted: Mapping[str, Measurement | None]) -> bool:
    """Whether the benchmark goes with what was noted, as the inference of a cell goes with its steps."""
    agrees = all((there := noted.get(count.metric)) is None or there.value == count.value for count in benchmark.counts)
    return agrees and benchmark.metric not in noted


def _result(
    cell: Cell, repeat: int, noted: Mapping[str, Measurement | None], system: Mapping[str, Any], started: str
) -> Result:
    kept = tuple(measurement for measurement in noted.values() if measurement)
    timed = all(noted.values())
    return Result(
        cell,
        "ok" if timed else "skipped",
        reason=None if timed else NO_TIME,
        repeat=repeat,
        measurements=kept,
        system=dict(system),
        started=started,
        seconds=None,
    )


def _system(machine: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The machine by the names that our own records use; what the file does not tell is absent."""
    cpu = machine["cpu"] if isinstance(machine.get("cpu"), dict) else {}
    place = f"{path}: its machine_info"
    count = cpu.get("count")
    facts = {
        # `brand` until version 3
        "cpu": next((text for text in map(_text, (cpu.get("brand_raw"), cpu.get("brand"))) if text), "")
        or _text(machine.get("processor")),
        "cores": checked.count(count, "count of cores", place) if isinstance(count, int | float) and count else None,
        "arch": _text(machine.get("machine")),
        "os": "-".join(filter(None, (_text(machine.get(key)) for key in ("system", "release")))),
        "python": _text(machine.get("python_version")),
    }
    known = {name: value for name, value in facts.items() if value}
    checked.plain(known, "machine_info", str(path))
    return known


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _git(commit: Any, path: Path) -> dict[str, Any]:
    """Revision, date of the commit and whether anything differed from it; empty where no repository was there."""
    if not isinstance(commit, dict) or _text(commit.get("id")) in ("", "unversioned", "unknown"):
        return {}
    facts = {"revision": commit["id"]}
    if isinstance(commit.get("dirty"), bool):
        facts["dirty"] = commit["dirty"]
    if _text(commit.get("time")):
        _moment(commit["time"], f"{path} has the time of its commit")
        facts["committed"] = commit["time"]
    checked.plain(facts, "commit_info", str(path))
    return facts


def _moment(text: Any, what: str) -> str:
    """UTC time in ISO 8601, to the second; version 4 wrote it without saying that it is UTC; "" where it is none.

    Raises:
        BenchError: UTC has no such moment, as before the year one.

    """
    try:
        moment = datetime.fromisoformat(_text(text))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="seconds")
    except ValueError:
        return ""
    except OverflowError as error:
        raise BenchError(f"{what} {checked.shown(text)}, which UTC does not have: {checked.AGAIN}") from error
