"""Plan: what a run would measure, for --dry-run and for the line before the first cell."""

from collections.abc import Mapping, Sequence

from bench.cli.render.document import print_document
from bench.plan.cell import Cell
from bench.plan.workloads import target_of
from bench.process.executor import START_METHOD
from bench.session.observer import Work
from bench.text import duration, plural


def print_plan(work: Work, *, as_json: bool) -> None:
    """Every cell that is to be measured and how long they will take, as lines or as one JSON document."""
    if as_json:
        print_document(_document(work))
        return
    plan, trials, cells = work.plan, _trials(work), _cells(work)
    for cell in trials:
        print(f"{cell.id}  a trial")
    for cell, repeats in cells.items():
        how = f"  {_left(repeats, plan.repeats)}" if repeats != plan.repeats else ""
        print(f"{cell.id}  at the best of {plan.tune} learning rates{how}" if work.trials else f"{cell.id}{how}")
    for cell, reason in work.grid.skipped:
        print(f"{cell.id}  left out: {reason}")
    budget = f", {duration(plan.budget)} at most" if plan.budget else ""
    before = f"{plural(len(trials), 'trial')}, then " if trials else ""
    measured = len(work.grid.cells) - len(cells)
    there = f"; {plural(measured, 'cell')} measured already" if measured else ""
    limit = f" or {plan.train_limit:g} s" if plan.epochs and plan.train_limit else ""
    print(f"\n{before}{_extent(work)}, {plural(plan.blocks, 'block')}, {plural(plan.epochs, 'epoch')}{limit}{there}")
    print(f"{_forecast(work)}{budget}")


def announcement(work: Work) -> str:
    """What is about to be measured, in one line."""
    start = "" if START_METHOD == "fork" else f"; workers are spawned ({START_METHOD}), 2 s each"
    left_out = f"; {len(work.grid.skipped)} left out, see --dry-run" if work.grid.skipped else ""
    trials = len(_trials(work))
    before = f"{plural(trials, 'trial')} of learning rates, then " if trials else ""
    return f"suite {work.plan.suite}: {before}{_extent(work)}, {_forecast(work)}{start}{left_out}"


def _forecast(work: Work) -> str:
    """How long it takes; nobody knows before when training will reach a target, and end there."""
    plan = work.plan.to_dict()
    ends = work.plan.epochs and any(target_of(cell, plan) for cell in (*_cells(work), *_trials(work)))
    return f"about {duration(work.seconds)}{', less where training ends at its target' if ends else ''}"


def _document(work: Work) -> dict[str, object]:
    cells = _cells(work)
    return {
        "plan": work.plan.to_dict(),
        "trials": [{"id": cell.id, **cell.to_dict()} for cell in _trials(work)],
        "cells": [{"id": cell.id, **cell.to_dict(), "repeats": repeats} for cell, repeats in cells.items()],
        "measured": [cell.id for cell in work.grid.cells if cell not in cells],
        "skipped": [{"id": cell.id, "reason": reason} for cell, reason in work.grid.skipped],
        "seconds": work.seconds,
    }


def _trials(work: Work) -> Sequence[Cell]:
    """The trials that are still to be made."""
    return work.trials if work.missing is None else work.missing.trials


def _cells(work: Work) -> Mapping[Cell, int]:
    """The cells that are still to be measured, with how often."""
    return dict.fromkeys(work.grid.cells, work.plan.repeats) if work.missing is None else work.missing.repeats


def _left(repeats: int, of: int) -> str:
    """How many of the repeats are missing; more where other work disturbed some."""
    return f"{repeats} of {plural(of, 'repeat')} left" if repeats < of else f"{plural(repeats, 'repeat')} left"


def _extent(work: Work) -> str:
    cells = _cells(work)
    if any(repeats != work.plan.repeats for repeats in cells.values()):
        return f"{plural(len(cells), 'cell')}, {plural(sum(cells.values()), 'process')}"
    return f"{plural(len(cells), 'cell')} x {plural(work.plan.repeats, 'repeat')}"
