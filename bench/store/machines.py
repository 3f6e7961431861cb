"""Machines: which class of machine each line of a run is of. Times compare within one, what a net learns across all.

A class is a machine with its software, whatever its host's name: the digest of `bench.store.fingerprint.machine_of`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean
from typing import Any

from bench.metrics import Metric
from bench.store.fingerprint import fingerprint, machine_of

# Kinds of what a net learns, where training gives it; times and rates of training are the machine's.
_LEARNT = ("share", "number", "count")


@dataclass(frozen=True, slots=True)
class Place:
    """Where numbers are pooled: a cell on one class of machines, or on all of several.

    Attributes:
        id: of the cell.
        machine: the class; "" of several, and where nothing tells it.
        of_several: whether it is for what holds on all of several.
        of_all: whether it is for what holds on all there are, be it one.

    """

    id: str
    machine: str = ""
    of_several: bool = False
    of_all: bool = True


def is_learnt(row: Metric) -> bool:
    """Whether a metric says what a net learnt, which no machine decides."""
    return row.once_a_seed and row.kind in _LEARNT


def class_of(line: Mapping[str, Any]) -> str:
    """The class of the machine that a line is of, by what stands there; "" where no worker told its system."""
    return line.get("machine") or machine_of(line.get("system") or {})


def names_of(lines: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A name for each class, by its digest; no two have the same.

    Machines of one name, such as one machine before and after a change of its software, are told by their digests.
    """
    systems: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if line.get("system"):
            systems.setdefault(class_of(line), line["system"])
    names = {digest: fingerprint(system, None).name for digest, system in systems.items()}
    alike = Counter(names.values())
    return {digest: f"{name} ({digest[:6]})" if alike[name] > 1 else name for digest, name in names.items()}


def digests_of(heads: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Each class by the first digits of its digest, as tables name it: heads of lines do not tell what computes."""
    return {machine: machine[:6] for machine in dict.fromkeys(classes_of(heads)) if machine}


def of_several(names: Mapping[str, str]) -> Mapping[str, str]:
    """The names of machines where there are several to tell apart; else none."""
    return names if len(names) > 1 else {}


def host_of(device: str, machine: str) -> str:
    """Which device times are of, by the name of its machine where there are several; else that is ""."""
    return f"the {device} of {machine}" if machine else f"this host's {device}"


def classes_of(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The class of each line; "" where nothing tells it.

    A line of which no worker told its system, such as of a cell that was skipped, is of the only machine of its run,
    where that had one.
    """
    every = [(line.get("run"), class_of(line)) for line in lines]
    only = _only_of_each(every)
    return [machine or only.get(run, "") for run, machine in every]


def _only_of_each(every: Sequence[tuple[Any, str]]) -> dict[Any, str]:
    """By run, its machine, of those runs that had one alone."""
    known: dict[Any, set[str]] = {}
    for run, machine in every:
        if machine:
            known.setdefault(run, set()).add(machine)
    return {run: next(iter(machines)) for run, machines in known.items() if len(machines) == 1}


def places_of(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Place, Place]]:
    """Where each line's times are pooled, and where what it learnt is: one place for both on a single class.

    A line of unknown class counts with the first class of its cell.
    """
    classes = classes_of(lines)
    by_id: dict[str, dict[str, None]] = {}
    for line, machine in zip(lines, classes, strict=True):
        by_id.setdefault(line["id"], {}).update({machine: None} if machine else {})
    for line, machine in zip(lines, classes, strict=True):
        name, known = line["id"], by_id[line["id"]]
        own = machine or next(iter(known), "")
        if len(known) > 1:
            yield Place(name, own, of_all=False), Place(name, of_several=True)
        else:
            yield Place(name, own), Place(name, own)


def over_machines(values: Sequence[float], row: Metric) -> float:
    """What one seed learnt, of what it learnt on each machine: the mean, or whether it got there on all of them."""
    if row.pooled == "proportion":
        return min(values)
    if row.pooled == "log_mean" and min(values) > 0:
        return exp(fmean(map(log, values)))
    return fmean(values)
