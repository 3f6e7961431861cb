"""Race: how long each optimizer of a run takes to the target of each workload, and how it scores over all of them.

A workload is all that a cell is but the optimizer and what goes with it, with the accuracy that its training stops at.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.plan.cell import Cell, seed_of
from bench.plan.short_names import short_names
from bench.plan.workloads import bases_of, target_of
from bench.stats.performance_profile import Floats, Profiles, profiles
from bench.store.machines import classes_of
from bench.store.warning import Warning, disturbed_parts
from bench.text import plural
from bench.vocabulary import RaceMeasure

_METRICS: Mapping[RaceMeasure, str] = {"seconds": "time_to_accuracy", "steps": "steps_to_accuracy"}
_OF_THE_OPTIMIZER = ("optimizer", "implementation", "learning_rate", "schedule", "seed")
TAUS = np.round(np.arange(1.0, 4.005, 0.01), 2)

Pair = tuple[str, Cell]  # an optimizer by its label, and a workload


@dataclass(slots=True)
class Race:
    """The times of optimizers on workloads, by seed.

    Attributes:
        optimizers: their labels, in the order of the run.
        workloads: those that are tuned, each as a cell that says nothing of the optimizer.
        held_out: for a workload the one that takes its learning rate, where there is one.
        targets: test accuracies, of workloads of both kinds.
        labels: the shortest names of the workloads that tell them apart.
        times: by measure, optimizer and workload, a time for each seed; infinite where it did not get there.
        rates: the learning rates that were stepped with; None for an optimizer's own.
        absent: what was not tried, so that the optimizer is judged nowhere, with the reason.
        against_seconds: why seconds say less than steps here, which no neighbour and no machine changes.
        descriptions: what each optimizer is, by label; "" where nothing is recorded.

    """

    optimizers: tuple[str, ...] = ()
    workloads: tuple[Cell, ...] = ()
    held_out: Mapping[Cell, Cell] = field(default_factory=dict)
    targets: dict[Cell, float] = field(default_factory=dict)
    labels: Mapping[Cell, str] = field(default_factory=dict)
    times: dict[RaceMeasure, dict[Pair, Floats]] = field(default_factory=dict)
    rates: dict[Pair, float | None] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    against_seconds: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_one(self) -> bool:
        """Whether there is something to compare: two optimizers on a workload."""
        return len(self.optimizers) > 1 and bool(self.workloads)

    @property
    def seeds(self) -> int:
        """How many seeds each time is of, at the least."""
        return min(map(len, self.times["seconds"].values()), default=0)

    def profiles(self, measure: RaceMeasure) -> Profiles:
        """The profiles over the tuned workloads, held to those that are held out beside them."""
        return self._profiles(measure, self.workloads, self.held_out)

    def held_out_profiles(self, measure: RaceMeasure) -> Profiles | None:
        """Those over the workloads that are held out, by themselves; None where there are none."""
        return self._profiles(measure, tuple(self.held_out.values()), {}) if self.held_out else None

    def _profiles(self, measure: RaceMeasure, workloads: tuple[Cell, ...], beside: Mapping[Cell, Cell]) -> Profiles:
        times = self.times[measure]
        seeds = [[times[name, each] for each in workloads] for name in self.optimizers]
        held = [
            [times[name, beside[each]] if each in beside else None for each in workloads] for name in self.optimizers
        ]
        return profiles(seeds, held, TAUS)


def race_of(heads: Iterable[Mapping[str, Any]], plan: Mapping[str, Any], known: Mapping[str, Any]) -> Race:
    """The race that a run's results hold.

    Args:
        heads: of the results, or whole lines.
        plan: its fields, as stored.
        known: facts of optimizers by name, as run.json has them.

    """
    lines = [head for head in heads if seed_of(head["cell"]) is not None and not head["repeat"]]
    lines = [line for line in lines if target_of(Cell.from_dict(line["cell"]), plan)]
    machines = len({machine for machine in classes_of(lines) if machine})
    of_cells = {Cell.from_dict(line["cell"]): line for line in lines}  # a seed that several machines trained is one
    cells, lines = list(of_cells), list(of_cells.values())
    names = _labels(cells, tuned=bool(plan.get("tune")))
    race = Race(times={measure: {} for measure in _METRICS}, descriptions=_descriptions(names, cells, known))
    gathered: dict[Pair, list[Mapping[str, Any]]] = {}
    for name, cell, line in zip(names, cells, lines, strict=True):
        place = (name, workload_of(cell))
        race.rates[place] = cell.learning_rate
        race.targets[place[1]] = target_of(cell, plan)
        gathered.setdefault(place, []).append(line)
    whole = _only_whole(race, gathered, list(dict.fromkeys(names)))
    disturbed = sum(_is_disturbed(line) for place in whole for line in gathered[place])
    race.against_seconds = tuple(_against_seconds(disturbed, machines))
    for (name, workload), entries in gathered.items():
        for measure, metric in _METRICS.items():
            race.times[measure][name, workload] = np.array([_time(line, metric) for line in entries])
    _order(race, plan)
    return race


def workload_of(cell: Cell) -> Cell:
    """What the cell has in common with those of other optimizers."""
    kept = tuple(origin for origin in cell.origins if not origin.startswith("optimizer="))
    plain = Cell(cell.architecture)
    return replace(cell, **{name: getattr(plain, name) for name in _OF_THE_OPTIMIZER}, origins=kept)


def _labels(cells: list[Cell], *, tuned: bool) -> list[str]:
    """The optimizer of each cell, with the settings that several rows of one optimizer differ in."""
    shown = [replace(cell, learning_rate=None) if tuned else cell for cell in cells]
    keys = [(cell.optimizer, cell.implementation, cell.schedule, cell.learning_rate) for cell in shown]
    several = Counter(name for name, *_ in dict.fromkeys(keys))
    return [_label(key) if several[key[0]] > 1 else key[0] for key in keys]


def _label(key: tuple[str, str, str, float | None]) -> str:
    name, implementation, schedule, rate = key
    parts = [name, implementation, schedule, *([] if rate is None else [f"{rate:g}"])]
    return " ".join(part for part in parts if part not in ("default", "constant"))


def _descriptions(names: list[str], cells: list[Cell], known: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(known.get(cell.optimizer, {}).get("description") or "")
        for name, cell in zip(names, cells, strict=True)
    }


def _time(line: Mapping[str, Any], metric: str) -> float:
    """What it took to the target, infinite where it was not reached; a training that ended badly did not reach it."""
    values = (reading["value"] for reading in line["measurements"] if reading["metric"] == metric)
    value = next((value for value in values if value is not None), 0.0)
    return float(value) if value > 0 else np.inf


def _only_whole(race: Race, gathered: Mapping[Pair, list[Mapping[str, Any]]], names: list[str]) -> set[Pair]:
    """Keep the optimizers that every workload was tried with, and say of the others why not; the pairs that are left.

    A seed that was skipped was not tried: it is left out, and a pair without any other was not tried at all.
    """
    workloads = list(race.targets)
    reasons: dict[str, str] = {}
    for name in names:
        for workload in workloads:
            lines = gathered.get((name, workload), [])
            if any(line["status"] != "skipped" for line in lines):
                lines[:] = [line for line in lines if line["status"] != "skipped"]
            elif name not in reasons:
                why = next((str(line["reason"]) for line in lines if line.get("reason")), "it was not tried")
                reasons[name] = f"{name} is left out: {workload.architecture}: {why}"
    race.optimizers = tuple(name for name in names if name not in reasons)
    race.absent = tuple(reasons.values())
    return {(name, workload) for name in race.optimizers for workload in workloads}


def _against_seconds(disturbed: int, machines: int) -> Iterator[str]:
    if machines > 1:
        yield f"{plural(machines, 'kind')} of machines trained, whose seconds do not compare"
    if disturbed:
        yield f"{plural(disturbed, 'training')} ran beside other work, so that their seconds are too long"


def _is_disturbed(line: Mapping[str, Any]) -> bool:
    return "training" in disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))


def _order(race: Race, plan: Mapping[str, Any]) -> None:
    """Part the workloads into those that are tuned and those that are held out, and name them."""
    bases = bases_of(plan.get("held_out") or ())
    every = sorted(race.targets, key=lambda workload: workload.id)
    race.targets = {workload: race.targets[workload] for workload in every}
    race.labels = dict(zip(every, short_names(every), strict=True))
    pairs = ((replace(each, architecture=bases.get(each.architecture, "")), each) for each in every)
    race.held_out = {base: each for base, each in pairs if base in race.targets}
    race.workloads = tuple(each for each in every if each not in race.held_out.values())
