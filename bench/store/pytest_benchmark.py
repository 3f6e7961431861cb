"""Reads the JSON of pytest-benchmark, all its versions: the facts of a run and a result for each benchmark."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store import checked
from bench.store.benchmark import Benchmark, benchmark_of
from bench.store.result import Measurement, Result

TOOL = "pytest-benchmark"
NO_TIME = "the median of its rounds is 0 s: a call takes less than the clock resolves"
_REMEDY = "give a file that pytest wrote with --benchmark-json, --benchmark-save or --benchmark-autosave"


class NotOursError(BenchError):
    """The file is whole, and of another tool."""


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """The facts for run.json and the results of one file, at least one of which has a time.

    Two benchmarks of one name are two results of one cell, with a repeat each; one whose clock resolved nothing is
    skipped, with the reason.

    Raises:
        BenchError: it cannot be read, or one of its benchmarks is damaged.
        NotOursError: it is no file of pytest-benchmark.

    """
    document, digest = _document(path)
    benchmarks = [benchmark_of(stored, number, path) for number, stored in enumerate(document["benchmarks"], 1)]
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


def _results(benchmarks: Iterable[Benchmark], machine: Mapping[str, Any], started: str) -> list[Result]:
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


def _joins(benchmark: Benchmark, noted: Mapping[str, Measurement | None]) -> bool:
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
    if _moment(commit.get("time"), f"{path} has the time of its commit"):
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
