"""Unfinished: what a run that ended early, or goes on, has not measured yet of the configurations that it began."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bench.plan.cell import Cell
from bench.store.machines import places_of
from bench.store.run import Run
from bench.store.seeds import asked_of

SPENT = "the budget was spent"  # the ending of a cell that would have got more repeats


@dataclass(frozen=True, slots=True)
class Begun:
    """How many processes of a configuration were measured, and how many its plan asked for."""

    done: int
    asked: int

    def __str__(self) -> str:
        return f"{self.done} of {self.asked}"


def begun(run: Run) -> dict[tuple[str, str], Begun]:
    """By the configuration's id and the class of machines, as `by_machine` names them, what is measured in part only.

    Of a merged run a machine lacks no seed that another has, which may have been its part; nor is told what one machine
    of a class lacks and another of it has more of.
    """
    repeats = run.facts.plan.get("repeats")
    if run.facts.status == "finished" or not isinstance(repeats, int):
        return {}
    heads = [{**head, "id": Cell.from_dict(head["cell"]).configuration.id} for head in run.heads()]
    cells: dict[tuple[str, str], Counter[Cell]] = {}
    for head, (place, _) in zip(heads, places_of(heads), strict=True):
        processes = cells.setdefault((place.id, place.machine), Counter())
        processes[Cell.from_dict(head["cell"])] += head["status"] != "skipped"
    anywhere: dict[str, set[Cell]] = {}
    for (name, _), processes in cells.items():
        anywhere.setdefault(name, set()).update(processes)
    seeds = len(asked_of(run.facts.plan).seeds)
    nowhere = {name: max(seeds - len(every), 0) for name, every in anywhere.items()}
    every = {
        place: _begun(processes, repeats, nowhere[place[0]], run.facts.endings) for place, processes in cells.items()
    }
    return {place: known for place, known in every.items() if 0 < known.done < known.asked}


def _begun(processes: Counter[Cell], repeats: int, missing: int, endings: Mapping[str, str]) -> Begun:
    """Of the cells of one configuration, each with a seed of its own, and of so many that the run never came to."""
    asked = (_asked(cell.id, count, repeats, endings) for cell, count in processes.items())
    return Begun(processes.total(), sum(asked) + repeats * missing)


def _asked(name: str, count: int, repeats: int, endings: Mapping[str, str]) -> int:
    """How many processes a cell was to have: as many as it has where it is known why it got no more."""
    return count if endings.get(name, SPENT) != SPENT else max(count, repeats)
