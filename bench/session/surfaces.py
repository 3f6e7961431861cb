"""Surfaces: after a run, planes through the loss surface of each net, by a worker that trains its cells once more."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.surface import groups_of, why_not
from bench.plan.task import Descent, SurfaceTask
from bench.process import entries
from bench.process.executor import Executor, talk
from bench.process.worker import WorkerError
from bench.session.observer import Observer
from bench.store.run import Run

_TIMED = "seconds and not steps ended its trainings (--train-limit), so that none can be made once more"


def tell_surfaces(run: Run, plan: Plan, catalogue: Catalogue, executor: Executor, observer: Observer) -> None:
    """Put into run.json the surface of each net that has one, or why it has none; what is there already stays.

    Raises:
        BenchError: run.json cannot be written.

    """
    surfaces: list[Mapping[str, Any]] = [each for each in run.facts.surfaces if not each.get("absent")]
    known = {tuple(each.get("cells", ())) for each in surfaces}
    trainings = dict(_trainings(run))
    for group in groups_of(trainings):
        descents = tuple(_descent(cell, trainings[cell]) for cell in group if not trainings[cell].get("limit"))
        cells = tuple(each.cell.id for each in descents)
        if cells in known or why_not(group, catalogue):
            continue
        if len(descents) > 1:
            observer.noted(f"{group[0].architecture}: its loss surface, by {len(descents)} trainings once more")
            task = SurfaceTask(descents, plan.epochs, plan.data_dir, catalogue.left_out)
            surface = _surface_of(task, executor, plan.timeout * len(descents))
        else:
            surface = {"cells": [cell.id for cell in group], "absent": _TIMED}
        if absent := surface.get("absent"):
            observer.warned(f"no loss surface of {group[0].architecture} is told: {absent}")
        surfaces.append(surface)
        run.note(surfaces=surfaces)


def _trainings(run: Run) -> Iterator[tuple[Cell, Mapping[str, Any]]]:
    """The learning record of each cell that was trained well to its end."""
    for line in run.lines():
        training = line.get("training")
        if line["status"] == "ok" and training and training.get("epochs"):
            yield Cell.from_dict(line["cell"]), training


def _descent(cell: Cell, training: Mapping[str, Any]) -> Descent:
    last = training["epochs"][-1]
    return Descent(cell, last["steps"], last["test_accuracy"])


def _surface_of(task: SurfaceTask, executor: Executor, timeout: float) -> dict[str, Any]:
    """What a worker tells of a surface, or why it tells nothing."""
    reason = "the worker ended without an answer"
    try:
        for kind, payload in talk(executor, entries.SURFACE, task, timeout):
            if kind == "surface":
                return dict(payload)
            if kind == "failed":
                reason = payload
    except WorkerError as ended:
        reason = ended.reason
    return {"cells": [descent.cell.id for descent in task.descents], "absent": reason}
