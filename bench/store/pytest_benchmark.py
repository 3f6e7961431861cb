"""Reads the JSON of pytest-benchmark, versions 3 to 5: the facts of a run and a result for each benchmark.

A benchmark of the fixture `bench_cell` is a cell of ours; its figures are those of whole rounds, so they are called
`step_wall` and `inference_wall`. Any other is a foreign cell with the metric `call`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.metrics import named
from bench.plan.cell import Cell
from bench.store.result import Floats, Measurement, Result

_WALLS = {"train": "step_wall", "inference": "inference_wall"}
_COUNTS = named(lambda row: row.imported and row.kind == "exact")


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """The facts for run.json and the results of one file.

    Raises:
        BenchError: it cannot be read, is no file of pytest-benchmark, or one of its benchmarks is damaged.

    """
    document = _document(path)
    machine = document["machine_info"]
    started = _moment(document.get("datetime"))
    parts_of: dict[Cell, list[Mapping[str, Any]]] = {}
    for number, benchmark in enumerate(document["benchmarks"], 1):
        if not isinstance(benchmark, dict) or not isinstance(benchmark.get("stats"), dict):
            raise BenchError(f"{path}: benchmark {number} has no stats: write the file again with pytest-benchmark")
        parts_of.setdefault(_cell(benchmark, number), []).append(benchmark)
    results = [_result(cell, parts, machine, started, path) for cell, parts in parts_of.items()]
    facts = {
        "status": "finished",
        "started": started,
        "plan": {"suite": "pytest-benchmark", "precision": None},
        "git": _git(document.get("commit_info")),
        "versions": {"pytest-benchmark": str(document.get("version", "unknown"))},
        "imported": path.name,
        "cells": len(results),
    }
    return facts, results


def _document(path: Path) -> dict[str, Any]:
    """The file as plain data that has benchmarks and a machine."""
    remedy = "give a file that pytest wrote with --benchmark-json, --benchmark-save or --benchmark-autosave"
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}; {remedy}") from error
    except ValueError as error:  # JSON and UTF-8 alike
        raise BenchError(f"{path} is not whole JSON ({error}): {remedy}") from error
    if not isinstance(document, dict) or not isinstance(document.get("benchmarks"), list):
        raise BenchError(f"{path} is not of pytest-benchmark, it has no list of benchmarks: {remedy}")
    if not isinstance(document.get("machine_info"), dict):
        raise BenchError(f"{path} does not say on which machine it was measured (machine_info): {remedy}")
    if not document["benchmarks"]:
        raise BenchError(f"{path} holds no benchmark: {remedy}")
    return document


def _cell(benchmark: Mapping[str, Any], number: int) -> Cell:
    """The cell that `bench_cell` noted, else a foreign one under the benchmark's full name."""
    stored = _extra(benchmark).get("bench_cell")
    kinds = {field.name: type(field.default) for field in fields(Cell) if field.default is not None}
    kinds["origins"] = list  # as JSON has a tuple
    if isinstance(stored, dict) and isinstance(stored.get("architecture"), str):
        right = {name: value for name, value in stored.items() if isinstance(value, kinds.get(name, object))}
        return Cell.from_dict({**right, "architecture": stored["architecture"]})
    name = benchmark.get("fullname") or benchmark.get("name") or f"benchmark {number}"
    return Cell.foreign(" ".join(str(name).split()))


def _result(cell: Cell, parts: list[Mapping[str, Any]], machine: Mapping[str, Any], started: str, path: Path) -> Result:
    """The result of a cell: its time in each part, and the counts that were noted beside."""
    measurements: dict[str, Measurement] = {}
    system = _system(machine)
    for benchmark in parts:
        extra = _extra(benchmark)
        metric = "call" if cell.is_foreign else _WALLS.get(str(extra.get("bench_part")), "step_wall")
        value = benchmark["stats"].get("median")
        if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            raise BenchError(
                f"{path}: {cell.id} has the median {value!r}, which is no time: remove it, or write the file again"
            )
        threads = None if cell.is_foreign else cell.threads
        samples = _samples(benchmark["stats"])
        measurements[metric] = Measurement.of_value(metric, float(value), "median", threads, samples)
        for name in _COUNTS:
            if isinstance(extra.get(name), int | float):
                measurements[name] = Measurement.of_value(name, float(extra[name]), "exact")
        if isinstance(extra.get("system"), dict):
            system = extra["system"]
    return Result(cell, "ok", measurements=tuple(measurements.values()), system=system, started=started)


def _samples(stats: Mapping[str, Any]) -> Floats:
    """Seconds a call of each round, where the file kept them (--benchmark-save-data, --benchmark-json)."""
    data = stats.get("data")
    if not isinstance(data, list) or not all(isinstance(one, int | float) for one in data):
        return np.empty(0)
    return np.asarray(data, dtype=float)


def _system(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The machine by the names that our own records use; what the file does not tell is absent."""
    cpu = machine.get("cpu") if isinstance(machine.get("cpu"), dict) else {}
    assert isinstance(cpu, dict)
    facts = {
        "cpu": cpu.get("brand_raw") or cpu.get("brand") or machine.get("processor"),  # `brand` until version 3
        "cores": cpu.get("count"),
        "arch": machine.get("machine"),
        "os": "-".join(str(machine[key]) for key in ("system", "release") if machine.get(key)),
        "python": machine.get("python_version"),
    }
    return {name: value for name, value in facts.items() if value}


def _git(commit: Any) -> dict[str, Any]:
    """Revision, date of the commit and whether anything differed from it; empty where no repository was there."""
    if not isinstance(commit, dict) or commit.get("id") in (None, "", "unversioned", "unknown"):
        return {}
    facts = {"revision": str(commit["id"]), "dirty": bool(commit.get("dirty")), "committed": commit.get("time")}
    return {name: value for name, value in facts.items() if value is not None}


def _moment(text: Any) -> str:
    """UTC time in ISO 8601, to the second; version 4 wrote it without saying that it is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds")


def _extra(benchmark: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = benchmark.get("extra_info")
    return extra if isinstance(extra, dict) else {}
