"""Raced: the race that the results of a run hold, whichever of its parts was merged first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from bench.plan.cell import Cell
from bench.plan.short_names import short_names
from bench.plan.tuning import Trial, at_edge, best_of, group_of
from bench.plan.workloads import base_of, bases_of, target_of
from bench.store.attempts import Attempt, attempts_of, costs, rates, reason, splits, tried_of
from bench.store.race import Pair, Race
from bench.store.race_labels import labels_of
from bench.text import plural
from bench.vocabulary import RaceMeasure

_METRICS: Mapping[RaceMeasure, str] = {"seconds": "time_to_accuracy", "steps": "steps_to_accuracy"}
_OF_THE_OPTIMIZER = ("optimizer", "implementation", "learning_rate", "schedule", "seed")


def race_of(
    heads: Iterable[Mapping[str, Any]],
    plan: Mapping[str, Any],
    known: Mapping[str, Any],
    tuned: Iterable[Mapping[str, Any]] = (),
) -> Race:
    """The race that a run's results hold, whichever of its parts was merged first.

    Args:
        heads: of the results, or whole lines.
        plan: its fields, as stored.
        known: facts of optimizers by name, as run.json has them.
        tuned: the trials of learning rates, likewise.

    """
    attempts = list(attempts_of(heads, plan))
    names = labels_of([each.cell for each in attempts], tuned=bool(plan.get("tune")))
    race = Race(descriptions=_descriptions(names, attempts, known))
    gathered: dict[Pair, list[Attempt]] = {}
    for name, each in zip(names, attempts, strict=True):
        gathered.setdefault((name, workload_of(each.cell)), []).append(each)
    for (_, workload), tries in gathered.items():
        race.targets[workload] = target_of(tries[0].cell, plan)
    race.edges = _edges(gathered, plan, list(tuned))
    gathered = _only_whole(race, gathered, sorted(set(names)))
    race.rates = {pair: rates(tries) for pair, tries in gathered.items()}
    race.splits = {pair: count for pair, tries in gathered.items() if (count := splits(tries, _METRICS["steps"]))}
    _time(race, gathered)
    _order(race, plan)
    return race


def workload_of(cell: Cell) -> Cell:
    """What the cell has in common with those of other optimizers."""
    kept = tuple(origin for origin in cell.origins if not origin.startswith("optimizer="))
    plain = Cell(cell.architecture)
    return replace(cell, **{name: getattr(plain, name) for name in _OF_THE_OPTIMIZER}, origins=kept)


def _descriptions(names: list[str], attempts: list[Attempt], known: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(known.get(each.cell.optimizer, {}).get("description") or "")
        for name, each in zip(names, attempts, strict=True)
    }


def _edges(
    gathered: Mapping[Pair, list[Attempt]], plan: Mapping[str, Any], tuned: list[Mapping[str, Any]]
) -> dict[Pair, tuple[float, ...]]:
    """The chosen rates that lie at the edge of those tried."""
    held_out, edges = plan.get("held_out") or (), dict[Cell, set[float]]()
    for entry in tuned:
        trials = [Trial(**stored) for stored in entry["trials"]]
        best = best_of(trials)
        if best and at_edge(trials, best):
            edges.setdefault(Cell.from_dict(entry["cell"]), set()).add(best.learning_rate)
    groups = {pair: group_of(tries[0].cell, held_out, edges) for pair, tries in gathered.items()}
    return {pair: tuple(sorted(edges[group])) for pair, group in groups.items() if group in edges}


def _only_whole(race: Race, gathered: Mapping[Pair, list[Attempt]], names: list[str]) -> dict[Pair, list[Attempt]]:
    """Keep the optimizers that every workload was tried with, and say of the others why not; what is left of each pair.

    A seed that was skipped on all machines was not tried: it is left out, and a pair without any other was not tried.
    """
    workloads = sorted(race.targets, key=lambda workload: workload.id)
    tried = {pair: tried_of(tries) for pair, tries in gathered.items()}
    reasons: dict[str, str] = {}
    for name, workload in product(names, workloads):
        if not tried.get((name, workload)) and name not in reasons:
            why = reason(gathered.get((name, workload), ())) or "it was not tried"
            reasons[name] = f"{name} is left out: {workload.architecture}: {why}"
    race.optimizers = tuple(name for name in names if name not in reasons)
    race.absent = tuple(reasons.values())
    return {pair: tried[pair] for pair in product(race.optimizers, workloads)}


def _time(race: Race, gathered: Mapping[Pair, list[Attempt]]) -> None:
    """Note what each seed took to the target, and what speaks against seconds; those of several machines are none."""
    every = [each for tries in gathered.values() for each in tries]
    race.machines = max(1, len({each.machine for each in every} - {""}))
    race.against_seconds = tuple(_against_seconds(sum(each.is_disturbed for each in every), race.machines))
    for measure, metric in _METRICS.items():
        if measure == "steps" or race.machines == 1:
            race.times[measure] = {pair: costs(tries, metric) for pair, tries in gathered.items()}


def _against_seconds(disturbed: int, machines: int) -> Iterator[str]:
    if machines > 1:
        yield f"{plural(machines, 'kind')} of machines trained, whose seconds do not compare"
    if disturbed:
        yield f"{plural(disturbed, 'training')} ran beside other work, so that their seconds are too long"


def _order(race: Race, plan: Mapping[str, Any]) -> None:
    """Part the workloads into those that are tuned and those that are held out, and name them."""
    held_out = plan.get("held_out") or ()
    bases = bases_of(held_out)
    every = sorted(race.targets, key=lambda workload: workload.id)
    race.targets = {workload: race.targets[workload] for workload in every}
    race.labels = dict(zip(every, short_names(every), strict=True))
    pairs = ((base_of(each, held_out, every), each) for each in every if each.architecture in bases)
    race.held_out = {base: each for base, each in pairs if base in race.targets}
    race.workloads = tuple(each for each in every if each not in race.held_out.values())
