"""Run: from a plan to a recorded run. First what the plan comes to on this machine, then the measuring of it."""

from collections.abc import Collection
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.interrupts import held_back
from bench.machine.neighbours import Look
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.energy import energy_left_out
from bench.plan.engines import check_engines
from bench.plan.estimate import least_seconds, page_seconds, surface_seconds
from bench.plan.grid import Grid, origins_of, plugins_of
from bench.plan.largest import largest_of
from bench.plan.plan import MAX, Plan, flag
from bench.plan.reference import REFERENCE
from bench.plan.seeds import order_seed_of
from bench.plan.shard import in_shard, shard_of
from bench.plan.surface import surface_left_out
from bench.plan.task import request_of
from bench.plan.tuning import trials_of
from bench.process.executor import Executor
from bench.process.lock import measuring, recording
from bench.process.worker import HERE
from bench.session.collector import Collector
from bench.session.forecast import expected_of
from bench.session.largest import expanded
from bench.session.missing import missing
from bench.session.observer import SILENT, Observer, Work
from bench.session.recording import Recording
from bench.session.requests import ask_catalogue, ask_ceilings
from bench.session.resume import past_of, reopen
from bench.session.scheduler import Scheduler
from bench.session.starts import check_starts
from bench.session.surfaces import tell_surfaces
from bench.session.tuned import Tuned
from bench.store import run as store
from bench.store.fingerprint import protocol
from bench.store.named_code import code_in, remember
from bench.store.provenance import git_state, time_name, utc_now, versions
from bench.store.result import Result
from bench.store.run_document import RunDocument
from bench.store.source import source_digest
from bench.text import plural


def prepare(
    plan: Plan,
    executor: Executor,
    observer: Observer = SILENT,
    *,
    run: store.Run | None = None,
    concurrent: bool = False,
    wait: float = 0.0,
) -> Work:
    """What the plan comes to here, with a seed of its order; nothing is written or measured.

    Args:
        plan: what is asked for.
        executor: who starts the processes.
        observer: is told of what is not as it was asked for.
        run: the recorded run that goes on with it; None for a new one.
        concurrent: search for the largest batches, where the plan wants them, although another run is measuring.
        wait: else for its end, so many seconds at most.

    Raises:
        BenchError: the plan asks for what there is not, contradicts itself, or its budget is too small; or the results
            of the run are damaged.

    """
    past = past_of(run, plan) if run else {}
    plan = replace(plan, order_seed=order_seed_of(plan))
    catalogue = ask_catalogue(executor, request_of(plan))
    for problem in (*executor.problems, *catalogue.problems, *_unflushed(plan, catalogue)):
        observer.warned(problem)
    known = largest_of(run.facts.largest) if run else ()
    turn = measuring("a search for the largest batch", concurrent, wait, observer.warned)
    with turn if MAX in plan.batch_sizes else nullcontext():
        grid, largest = expanded(plan, catalogue, executor, observer, known)
    grid = in_shard(grid, plan, catalogue)
    left_out = _left_out(plan, grid, catalogue)
    trials = trials_of(grid.cells, plan, catalogue)
    left = missing(plan, grid.cells, trials, past)
    _check_budget(plan, left.repeats, executor.slots)
    _check_asked(plan, grid, executor)
    for text in (*_untrained(grid, catalogue), *_untrainable(grid), *left_out, *_without_one_rank(grid)):
        observer.warned(text)
    seconds = left.seconds(plan, catalogue, executor.slots)
    return Work(plan, catalogue, grid, trials, seconds, past, left if run else None, largest)


def measure(
    work: Work,
    executor: Executor,
    observer: Observer = SILENT,
    *,
    run: store.Run | None = None,
    concurrent: bool = False,
    wait: float = 0.0,
    command: str = "",
) -> store.Run:
    """Measure it; the run, whose facts say how that ended. Ctrl-C ends it with everything kept.

    Args:
        work: what to measure.
        executor: who starts the processes.
        observer: is told of each step.
        run: the recorded run to go on with, which its caller holds (`bench.session.resume.resumed`) and prepared `work`
            with; None for a new one.
        concurrent: measure although another run is measuring on this machine.
        wait: else for its end, so many seconds at most.
        command: repeats it; for the record.

    Raises:
        BenchError: another run is measuring, or the run's folder cannot be made or written.

    """
    name = run.name if run else work.plan.run or named(_stem(work.plan))
    with ExitStack() as locks:
        locks.enter_context(measuring(name, concurrent, wait, observer.warned))
        try:
            with held_back():  # so that whatever ends it then finds a run that can be told to have ended
                if run is None:
                    run = store.create(name, _facts(work, executor, command))
                    locks.enter_context(recording(run.folder))
                    remember(code_in(work.plan.to_dict()))
                else:
                    reopen(run, work.plan, command)
            _go_on(run, work, executor, observer)
        except KeyboardInterrupt:  # before anything was measured, or after all was
            if run is not None and run.facts.status == "running":
                run.note(status="interrupted", finished=utc_now())
            raise
    return run


def _go_on(run: store.Run, work: Work, executor: Executor, observer: Observer) -> None:
    """Record what is left out beforehand, and measure the rest."""
    for cell, reason in work.grid.skipped:
        run.append(Result(cell, "skipped", reason))
    observer.began(work)
    code = {str(each["text"]): str(each["sha256"]) for each in run.facts.origins.values() if "sha256" in each}
    collector = Collector(executor, run.folder, code, work.catalogue.left_out)
    _measure(work, executor, _recording(run, collector, work, observer))


def _recording(run: store.Run, collector: Collector, work: Work, observer: Observer) -> Recording:
    """The run while it is measured, with what its tasks are likely to take."""
    plan, catalogue, cells = work.plan, work.catalogue, work.grid.cells
    after = surface_seconds(cells, plan, catalogue) + page_seconds(cells, plan)
    return Recording(run, collector, catalogue.devices, observer, work.past, expected_of(catalogue), after)


def named(stem: str) -> str:
    """A name for a new run, of a stem and the time."""
    name = f"{stem}-{time_name()}"
    taken = set(store.run_names())
    more = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(other for other in more if other not in taken)


def _stem(plan: Plan) -> str:
    """What the name of a run of the plan begins with; shards of one minute have names of their own."""
    shard = shard_of(plan)
    return Path(plan.suite).stem + (f"-{shard.number}of{shard.count}" if shard else "")


def _measure(work: Work, executor: Executor, recording: Recording) -> None:
    """Measure what is missing, and note how it ended."""
    run, cells = recording.run, work.grid.cells
    stages: Scheduler | Tuned = recording.schedule(work.plan, cells)
    if work.trials:
        stages = Tuned(work.plan, cells, work.trials, recording)
    try:
        look = Look()
        if run.facts.ceilings is None and work.plan.blocks:  # a run that is resumed has them
            run.note(ceilings=ask_ceilings(executor, cells))
        if HERE in executor.nodes:
            _tell_neighbours(look, work, recording.observer)
        stages.run()
        if work.plan.surface and stages.outcome == "finished":
            tell_surfaces(run, work.plan, work.catalogue, executor, recording.observer)
    except KeyboardInterrupt:
        stages.outcome = "interrupted"
    except BenchError:  # a line could not be written
        stages.outcome = "interrupted"
        with suppress(BenchError):
            _note_end(run, stages)
        raise
    finally:
        recording.observer.ended()
    _note_end(run, stages)


def _note_end(run: store.Run, stages: Scheduler | Tuned) -> None:
    endings = {cell.id: ending for cell, ending in stages.endings.items()}
    run.note(status=stages.outcome, finished=utc_now(), endings=endings)


def _tell_neighbours(look: Look, work: Work, observer: Observer) -> None:
    """Say so before the first cell where other processes are in the way."""
    others, usable = look.end(), work.catalogue.usable_cores
    if others and others.are_busy(usable):
        observer.warned(
            f"other processes {others.words(usable)}: times will be too long, so stop them first "
            "(python -m bench doctor)"
        )


def _left_out(plan: Plan, grid: Grid, catalogue: Catalogue) -> list[str]:
    """What the plan asks for beside times that some of its cells cannot have, with the reasons."""
    energy = energy_left_out(grid.cells, plan, catalogue.devices)
    unseen = plan.insight and not plan.epochs  # no error, since a suite may ask for it
    insight = ["no net is looked into, since --epochs 0 trains none"] if unseen else []
    return [*energy, *insight, *surface_left_out(grid.cells, plan, catalogue)]


def _unflushed(plan: Plan, catalogue: Catalogue) -> dict[str, None]:
    """Why devices on which denormals are slow cannot flush them, where the plan wants that."""
    slow = [facts for facts in catalogue.devices.values() if facts.slow_denormals and "flush" in plan.denormals]
    reasons = (facts.unsupported["flush"] for facts in slow if "flush" in facts.unsupported)
    return dict.fromkeys(f"{reason}: they are kept" for reason in reasons)


def _untrained(grid: Grid, catalogue: Catalogue) -> dict[str, None]:
    """Which losses have weights of their own, that no optimizer here is given."""
    weights = {cell.loss: catalogue.losses[cell.loss].get("own_weights") for cell in grid.cells}
    return {
        f"the loss {loss} has weights of its own, which are not trained: {', '.join(names)}": None
        for loss, names in weights.items()
        if names
    }


def _untrainable(grid: Grid) -> dict[str, None]:
    """Which nets cannot be trained on the batches that are asked for."""
    return {f"{reason}, or take inference alone, which is timed": None for _, reason in grid.untrainable}


def _check_budget(plan: Plan, due: Collection[Cell], slots: int) -> None:
    least = least_seconds(due, plan) / slots
    if plan.budget is not None and plan.budget < least:
        cells = plural(len(due), "cell")
        raise BenchError(
            f"the budget of {plan.budget:g} s is too small: {cells} need at least {least:.0f} s; "
            f"give --budget {least * 2:.0f}s, or fewer cells or --blocks"
        )


def _check_asked(plan: Plan, grid: Grid, executor: Executor) -> None:
    """See that what the plan asks for beside times can be told of its cells."""
    _check_training(plan)
    check_starts(plan, grid.cells, executor)


def _check_training(plan: Plan) -> None:
    check_engines(plan)
    of_training = (
        ("until", "--until 0"), ("targets", "leave it out"), ("goal", "--goal 0"), ("checkpoint", "leave it out"),
    )  # fmt: skip
    for name, remedy in of_training:
        if getattr(plan, name) and not plan.epochs:
            raise BenchError(f"{flag(name)} needs training: give --epochs 1 or more, or {remedy}")
    if plan.goal and (plan.until or plan.targets):
        raise BenchError(
            "--goal tests trainings of one length, and --until and --targets end each where it is seen to be good: "
            "give one of them"
        )
    if plan.goal and plan.train_limit:
        raise BenchError(
            f"--goal tests trainings of one length, and these end after {plan.train_limit:g} s wherever they are: give "
            "--epochs, which lifts a suite's limit, or --train-limit 0"
        )
    several = max(plan.world_sizes) > 1
    for name, remedy in (("tune", "--tune 0"), *of_training):
        if several and getattr(plan, name):
            raise BenchError(
                f"{flag(name)} is about training, and cells of several ranks are timed alone: give --world-sizes 1, or "
                f"{remedy}"
            )


def _without_one_rank(grid: Grid) -> list[str]:
    """That no efficiency can be told, where no cell of one rank stands beside those of several."""
    worlds = {cell.world_size for cell in grid.cells}
    text = "no cell of one rank is measured, so that the efficiency of several is not told: add 1 to --world-sizes"
    return [] if 1 in worlds else [text]


def _facts(work: Work, executor: Executor, command: str) -> RunDocument:
    """What run.json says before the first cell."""
    plan, cells, catalogue = work.plan, work.grid.cells, work.catalogue
    return {
        "status": "running",
        "started": utc_now(),
        "command": command,
        "plan": plan.to_dict(),
        "order_seed": plan.order_seed,
        "reference": REFERENCE,
        "protocol": protocol(),
        "git": git_state(),
        "source": source_digest(),
        "versions": versions(),
        "architectures": {cell.architecture: dict(catalogue.architectures[cell.architecture]) for cell in cells},
        "optimizers": {cell.optimizer: _rate(catalogue, cell.optimizer) for cell in cells},
        "origins": {**origins_of(cells, catalogue), **plugins_of(cells, catalogue)},
        "cells": len(cells),
        **({"largest": [each.to_dict() for each in work.largest]} if work.largest else {}),
        "nodes": list(executor.nodes),
    }


def _rate(catalogue: Catalogue, optimizer: str) -> dict[str, Any]:
    facts = catalogue.optimizers[optimizer]
    return {"learning_rate": facts["learning_rate"], "description": facts.get("description", "")}
