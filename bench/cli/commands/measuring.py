"""Measuring: a plan's grid measured, recorded and reported, as `run` was asked to."""

import argparse
import importlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cli.render.progress import ProgressLine
from bench.cli.render.tables import legend, overview, print_table
from bench.cli.render.tuning import tuned
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, BenchError
from bench.plan.catalogue import Catalogue, Question
from bench.plan.cell import Cell
from bench.plan.estimate import expected_seconds, least_seconds, trial_seconds
from bench.plan.grid import REFERENCE, Grid, expand
from bench.plan.plan import Plan, flag
from bench.plan.tuning import trials_of
from bench.process.executor import Executor
from bench.process.lock import measuring
from bench.process.worker import START_METHOD
from bench.session.collector import Collector
from bench.session.requests import ask_catalogue, ask_ceilings
from bench.session.scheduler import Schedule
from bench.session.tuned import Stages
from bench.store import run as store
from bench.store.frame import configurations, frame
from bench.store.provenance import command_line, git_state, time_name, utc_now, versions
from bench.store.result import Result
from bench.text import duration
from bench.vocabulary import STATUSES


def measure(given: argparse.Namespace, plan: Plan, run: store.Run | None, executor: Executor) -> int:
    """Measure the plan's grid; the exit code of `run`.

    Args:
        given: `dry_run`, `json` and `concurrent` of the command line.
        plan: what to measure.
        run: the recorded run to go on with; None for a new one.
        executor: who starts the workers, prepared.

    """
    if plan.report and not given.dry_run:
        importlib.import_module("bench.report")
    catalogue = ask_catalogue(executor, Question(plan.architectures, plan.datasets, plan.data_dir, plan.download))
    for problem in catalogue.problems:
        print(f"bench: plug-in left out: {problem}", file=sys.stderr)
    unable = (facts.obstacles["flush"] for facts in catalogue.devices.values() if "flush" in facts.obstacles)
    if "flush" in plan.denormals and (reason := next(unable, None)):
        print(f"bench: {reason}: they are kept", file=sys.stderr)
    grid = expand(plan, catalogue)
    trials = trials_of(grid.cells, plan, catalogue)
    _check_budget(plan, grid)
    _check_training(plan)
    seconds = expected_seconds(grid.cells, plan, catalogue) + trial_seconds(trials, plan, catalogue)
    if given.dry_run:
        return _dry_run(given, plan, grid, trials, seconds)

    name = plan.run or f"{Path(plan.suite).stem}-{time_name()}"
    with measuring(name, given.concurrent):
        if run is None:
            run = store.create(name, _facts(plan, grid, catalogue, executor))
        for cell, reason in grid.skipped:
            run.append(Result(cell, "skipped", reason))
        _announce(plan, grid, trials, seconds)
        _visit(run, plan, grid, trials, executor=executor, catalogue=catalogue)
    return _conclude(given, plan, run)


def _visit(
    run: store.Run, plan: Plan, grid: Grid, trials: Sequence[Cell], *, executor: Executor, catalogue: Catalogue
) -> None:
    """Visit what is missing, trials of learning rates first; Ctrl-C ends it with everything kept."""
    found = run.results()
    past = {(one.cell, one.generation): one for one in found}
    line = ProgressLine(sys.stderr)
    collector = Collector(executor, run.folder)

    def begin(plan: Plan, cells: Sequence[Cell], started: float | None = None) -> Schedule:
        since = time.monotonic() if started is None else started
        return Schedule(plan, cells, collector, catalogue.devices, run.append, line.tell, past, since)

    schedule: Schedule | Stages = begin(plan, grid.cells)
    if trials:
        schedule = Stages(plan, grid.cells, trials, begin, run.append, found, lambda told: run.note(tuned=told))
    try:
        if run.facts.ceilings is None:  # a run that is resumed has them
            run.note(ceilings=ask_ceilings(executor, grid.cells))
        schedule.run()
    except KeyboardInterrupt:
        schedule.outcome = "interrupted"
    line.close()
    run.note(
        status=schedule.outcome,
        finished=utc_now(),
        endings={cell.id: ending for cell, ending in schedule.endings.items()},
    )


def _conclude(given: argparse.Namespace, plan: Plan, run: store.Run) -> int:
    """Print the table or the JSON document, write the page, and choose the exit code."""
    table = frame(run)
    found = Counter(table.drop_duplicates("id")["status"])
    counts = {status: found[status] for status in STATUSES}
    page = write_page(run) if plan.report else None
    if given.json:
        document = {
            "run": run.name,
            "status": run.facts.status,
            "results": str(run.folder),
            "report": page,
            "counts": counts,
        }
        print(json.dumps(document))
    else:
        if not table.empty:
            pooled = configurations(run)
            print_table(overview(pooled, plan.precision, run.facts.ceilings or ()))
            print(f"\n{legend(pooled, plan.until)}")
        for told in tuned(run.facts):
            print(told)
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        print(f"{run.facts.status}: {told or 'no cell'}; results in {run.folder}")
        if page:
            print(f"report: {page}")
    if run.facts.status == "interrupted":
        return EXIT_INTERRUPTED
    return 0 if counts["ok"] else EXIT_INCONCLUSIVE


def write_page(run: store.Run) -> str | None:
    """The page's path; a page that cannot be written never costs the results."""
    from bench.report import write  # noqa: PLC0415 - drawing is imported only where a page is wanted

    try:
        return str(write(run))
    except Exception as error:  # whatever is wrong with the page, the measurements are worth more
        remedy = f"the results are safe: python -m bench report {run.name}"
        print(f"bench: cannot write the report ({error}); {remedy}", file=sys.stderr)
        return None


def _check_budget(plan: Plan, grid: Grid) -> None:
    least = least_seconds(grid.cells, plan)
    if plan.budget is not None and plan.budget < least:
        raise BenchError(
            f"the budget of {plan.budget:g} s is too small: {len(grid.cells)} cells take at least {least:.0f} s; "
            f"give --budget {least * 2:.0f}s, or fewer cells or --rounds"
        )


def _check_training(plan: Plan) -> None:
    for name, remedy in (("until", "--until 0"), ("checkpoint", "leave it out")):
        if getattr(plan, name) and not plan.epochs:
            raise BenchError(f"{flag(name)} needs training: give --epochs 1 or more, or {remedy}")


def _facts(plan: Plan, grid: Grid, catalogue: Catalogue, executor: Executor) -> dict[str, Any]:
    """What run.json says before the first cell."""
    used = dict.fromkeys(cell.architecture for cell in grid.cells)
    return {
        "status": "running",
        "started": utc_now(),
        "command": command_line(),
        "plan": plan.to_dict(),
        "order_seed": plan.order_seed,
        "reference": REFERENCE.architecture,
        "git": git_state(),
        "versions": versions(),
        "architectures": {name: dict(catalogue.architectures[name]) for name in used},
        "optimizers": {
            name: {"learning_rate": catalogue.optimizers[name]["learning_rate"]}
            for name in dict.fromkeys(cell.optimizer for cell in grid.cells)
        },
        "cells": len(grid.cells),
        "nodes": list(executor.nodes),
    }


def _announce(plan: Plan, grid: Grid, trials: Sequence[Cell], seconds: float) -> None:
    start = "" if START_METHOD == "forkserver" else f"; workers are spawned ({START_METHOD}), 2 s each"
    left_out = f"; {len(grid.skipped)} left out, see --dry-run" if grid.skipped else ""
    before = f"{len(trials)} trials of learning rates, then " if trials else ""
    grid_told = f"{before}{_cells(grid)} x {_generations(plan)}"
    print(f"suite {plan.suite}: {grid_told}, about {duration(seconds)}{start}{left_out}", file=sys.stderr)


def _cells(grid: Grid) -> str:
    return "1 cell" if len(grid.cells) == 1 else f"{len(grid.cells)} cells"


def _generations(plan: Plan) -> str:
    return "1 generation" if plan.generations == 1 else f"{plan.generations} generations"


def _dry_run(given: argparse.Namespace, plan: Plan, grid: Grid, trials: Sequence[Cell], seconds: float) -> int:
    if given.json:
        document = {
            "plan": plan.to_dict(),
            "trials": [{"id": cell.id, **cell.to_dict()} for cell in trials],
            "cells": [{"id": cell.id, **cell.to_dict()} for cell in grid.cells],
            "skipped": [{"id": cell.id, "reason": reason} for cell, reason in grid.skipped],
            "seconds": seconds,
        }
        print(json.dumps(document))
        return 0
    for cell in trials:
        print(f"{cell.id}  a trial")
    for cell in grid.cells:
        print(f"{cell.id}  at the best of {plan.tune} learning rates" if trials else cell.id)
    for cell, reason in grid.skipped:
        print(f"{cell.id}  left out: {reason}")
    budget = f", {duration(plan.budget)} at most" if plan.budget else ""
    before = f"{len(trials)} trials, then " if trials else ""
    print(f"\n{before}{_cells(grid)} x {_generations(plan)}, {plan.rounds} rounds, {plan.epochs} epochs")
    print(f"about {duration(seconds)}{budget}")
    return 0
