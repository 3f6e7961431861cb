"""Machines: which class of machine each line of a run is of. Times compare within one, what a net learns across all.

A class is a machine with its software, whatever its host's name: the digest of `bench.store.fingerprint.machine_of`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.metrics import Metric

# Kinds of what a net learns, where training gives it; times and rates of training are the machine's.
_LEARNT = ("share", "number", "count")


def is_learnt(row: Metric) -> bool:
    """Whether a metric says what a net learnt, which no machine decides."""
    return row.once_a_seed and row.kind in _LEARNT


def classes_of(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The class of each line; "" where nothing tells it.

    A line of which no worker told its system, such as of a cell that was skipped, is of the only machine of its run,
    where that had one.
    """
    every = [(line.get("run"), line.get("machine") or "") for line in lines]
    only = _only_of_each(every)
    return [machine or only.get(run, "") for run, machine in every]


def _only_of_each(every: Sequence[tuple[Any, str]]) -> dict[Any, str]:
    """By run, its machine, of those runs that had one alone."""
    known: dict[Any, set[str]] = {}
    for run, machine in every:
        if machine:
            known.setdefault(run, set()).add(machine)
    return {run: next(iter(machines)) for run, machines in known.items() if len(machines) == 1}
