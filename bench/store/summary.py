"""Reading: what one run says of one cell, as far as a regression check needs it: a few numbers, seeds pooled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.plan.cell import Cell
from bench.store.fingerprint import Fingerprint, definition, fingerprint
from bench.store.frame import status_of
from bench.store.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One cell in one run; cells that differ in their seed alone are one, under the seed 0.

    Attributes:
        cell: with the seed 0.
        run: the run's name.
        status: ok, or the first other status of its visits.
        reason: why it is not ok.
        revision: the code's, or "" where none is known.
        dirty: whether the code differed from that revision.
        started: of the run, UTC, ISO 8601.
        machine: the hard facts that must agree before times compare.
        definition: digest of what is timed and how.
        cost: logarithm of the cost relative to the reference, mean over visits; None where it was not measured.
        visits: how many fresh processes stand behind it.
        step: seconds a step, geometric mean over visits.
        accuracy: test accuracy by seed.
        epochs: what was trained for it; None where nothing was, or where a time limit cut it short.
        memory: bytes at the peak, mean over seeds.
        counts: exact counts by metric.

    """

    cell: Cell
    run: str
    status: str = "ok"
    reason: str = ""
    revision: str = ""
    dirty: bool = False
    started: str = ""
    machine: Fingerprint = field(default_factory=lambda: Fingerprint({}))
    definition: str = ""
    cost: float | None = None
    visits: int = 0
    step: float | None = None
    accuracy: Mapping[int, float] = field(default_factory=dict)
    epochs: int | None = None
    memory: float | None = None
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The cell's id without its seed."""
        return self.cell.id


def readings(run: Run) -> list[Reading]:
    """What the run says of each cell, in the order in which they were first visited.

    Raises:
        BenchError: the run's files are damaged.

    """
    found: dict[Cell, list[dict[str, Any]]] = {}
    for line in run.lines():
        found.setdefault(replace(Cell.from_dict(line["cell"]), seed=0), []).append(line)
    return [_reading(run, cell, lines) for cell, lines in found.items()]


def _reading(run: Run, cell: Cell, lines: list[dict[str, Any]]) -> Reading:
    git, plan = run.facts.get("git") or {}, run.facts.get("plan") or {}
    values: dict[str, list[float]] = {}
    threads = cell.threads
    for line in lines:
        for one in line["measurements"]:
            if one["value"] is not None:
                values.setdefault(one["metric"], []).append(one["value"])
                threads = one["threads"] if one["metric"] == "relative_cost" and one["threads"] else threads
    system: dict[str, Any] = next((line["system"] for line in lines if line["system"]), {})
    limited = any((line["training"] or {}).get("limit") for line in lines)
    return Reading(
        cell=cell,
        run=run.name,
        status=status_of(line["status"] for line in lines),
        reason=next((line["reason"] for line in lines if line["reason"]), None) or "",
        revision=str(git.get("revision") or ""),
        dirty=bool(git.get("dirty")),
        started=str(run.facts.get("started") or ""),
        machine=fingerprint(system, threads),
        definition=definition(cell),
        cost=_mean_log(values.get("relative_cost")),
        visits=len(values.get("relative_cost", ())),
        step=_exp(_mean_log(values.get("step"))),
        accuracy={line["cell"]["seed"]: one["value"] for line in lines for one in _learnt(line)},
        epochs=None if limited else plan.get("epochs") or None,
        memory=float(np.mean(values["peak_memory"])) if values.get("peak_memory") else None,
        counts=_counts(lines),
    )


def _learnt(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in line["measurements"] if one["metric"] == "accuracy" and one["value"] is not None]


def _counts(lines: list[dict[str, Any]]) -> dict[str, float]:
    """The exact readings; the peak of memory is one of them where the device's allocator counts what it hands out."""
    exact = {
        one["metric"]: float(one["value"])
        for line in lines
        for one in line["measurements"]
        if one["value"] is not None and one["statistic"] == "exact"
    }
    return {name: value for name, value in exact.items() if name != "accuracy"}  # exact of one seed, not of the cell


def _mean_log(values: list[float] | None) -> float | None:
    positive = [value for value in values or () if value > 0]
    return float(np.mean(np.log(positive))) if positive else None


def _exp(value: float | None) -> float | None:
    return None if value is None else float(np.exp(value))
