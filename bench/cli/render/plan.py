"""Plan: what a run would measure, for --dry-run and for the line before the first cell."""

import json

from bench.process.executor import START_METHOD
from bench.session.observer import Work
from bench.text import duration, plural


def print_plan(work: Work, *, as_json: bool) -> None:
    """Every cell and how long they will take, as lines or as one JSON document."""
    if as_json:
        print(json.dumps(_document(work)))
        return
    plan, grid = work.plan, work.grid
    for cell in work.trials:
        print(f"{cell.id}  a trial")
    for cell in grid.cells:
        print(f"{cell.id}  at the best of {plan.tune} learning rates" if work.trials else cell.id)
    for cell, reason in grid.skipped:
        print(f"{cell.id}  left out: {reason}")
    budget = f", {duration(plan.budget)} at most" if plan.budget else ""
    before = f"{plural(len(work.trials), 'trial')}, then " if work.trials else ""
    print(f"\n{before}{_extent(work)}, {plural(plan.blocks, 'block')}, {plural(plan.epochs, 'epoch')}")
    print(f"about {duration(work.seconds)}{budget}")


def announcement(work: Work) -> str:
    """What is about to be measured, in one line."""
    start = "" if START_METHOD == "fork" else f"; workers are spawned ({START_METHOD}), 2 s each"
    left_out = f"; {len(work.grid.skipped)} left out, see --dry-run" if work.grid.skipped else ""
    before = f"{plural(len(work.trials), 'trial')} of learning rates, then " if work.trials else ""
    return f"suite {work.plan.suite}: {before}{_extent(work)}, about {duration(work.seconds)}{start}{left_out}"


def _document(work: Work) -> dict[str, object]:
    return {
        "plan": work.plan.to_dict(),
        "trials": [{"id": cell.id, **cell.to_dict()} for cell in work.trials],
        "cells": [{"id": cell.id, **cell.to_dict()} for cell in work.grid.cells],
        "skipped": [{"id": cell.id, "reason": reason} for cell, reason in work.grid.skipped],
        "seconds": work.seconds,
    }


def _extent(work: Work) -> str:
    return f"{plural(len(work.grid.cells), 'cell')} x {plural(work.plan.repeats, 'repeat')}"
