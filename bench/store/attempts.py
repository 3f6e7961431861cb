"""Attempts: the trainings of a race by optimizer, workload and seed, in whatever order lines stand.

A seed that several machines trained is one seed, with its mean over them; it missed the target where one of them did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.metrics import METRICS
from bench.plan.cell import Cell, seed_of
from bench.plan.workloads import target_of
from bench.stats.performance_profile import Floats
from bench.store.machines import classes_of, over_machines
from bench.store.warning import Warning, disturbed_parts


@dataclass(frozen=True, slots=True)
class Attempt:
    """One training to a target.

    Attributes:
        cell: what was trained.
        line: the line of it, or its head.
        machine: the class that trained it; "" where nothing tells.

    """

    cell: Cell
    line: Mapping[str, Any]
    machine: str

    @property
    def was_made(self) -> bool:
        """Whether it was tried at all."""
        return bool(self.line["status"] != "skipped")

    @property
    def is_disturbed(self) -> bool:
        """Whether other work ran beside it."""
        return "training" in disturbed_parts(map(Warning.from_dict, self.line.get("warnings") or ()))

    def cost(self, metric: str) -> float:
        """What it took to the target, infinite where that was not reached; one that ended badly did not reach it."""
        values = (reading["value"] for reading in self.line["measurements"] if reading["metric"] == metric)
        value = next((value for value in values if value is not None), 0.0)
        return float(value) if value > 0 else np.inf


def attempts_of(heads: Iterable[Mapping[str, Any]], plan: Mapping[str, Any]) -> Iterator[Attempt]:
    """Those of a run's lines that have a target by the plan's fields."""
    lines = [head for head in heads if seed_of(head["cell"]) is not None and not head["repeat"]]
    for line, machine in zip(lines, classes_of(lines), strict=True):
        cell = Cell.from_dict(line["cell"])
        if target_of(cell, plan):
            yield Attempt(cell, line, machine)


def tried_of(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Those of a pair that were made, in the order of their seeds: of one seed the last in each run of a machine."""
    last = {(each.cell.seed, each.line.get("run"), each.machine): each for each in attempts if each.was_made}
    return sorted(last.values(), key=lambda each: each.cell.seed)


def costs(attempts: Sequence[Attempt], metric: str) -> Floats:
    """What it took each seed (N,), infinite where any machine missed the target."""
    return np.array([_of_seed(values, metric) for values in _by_seed(attempts, metric)])


def splits(attempts: Sequence[Attempt], metric: str) -> int:
    """How many seeds reached the target on one machine and missed it on another."""
    return sum(len({bool(np.isfinite(value)) for value in values}) > 1 for values in _by_seed(attempts, metric))


def _by_seed(attempts: Sequence[Attempt], metric: str) -> Iterable[list[float]]:
    """What it took each seed on each machine."""
    by_seed: dict[int, list[float]] = {}
    for each in attempts:
        by_seed.setdefault(each.cell.seed, []).append(each.cost(metric))
    return by_seed.values()


def _of_seed(values: Sequence[float], metric: str) -> float:
    return over_machines(values, METRICS[metric]) if len(values) > 1 else values[0]


def rates(attempts: Iterable[Attempt]) -> tuple[float | None, ...]:
    """The learning rates that were stepped with, from the lowest, None for the optimizer's own; several of machines."""
    distinct = {each.cell.learning_rate for each in attempts}
    return tuple(sorted(distinct, key=lambda rate: -1.0 if rate is None else rate))


def reason(attempts: Iterable[Attempt]) -> str:
    """Why a pair was not tried."""
    return "; ".join(sorted({str(each.line["reason"]) for each in attempts if each.line.get("reason")}))
