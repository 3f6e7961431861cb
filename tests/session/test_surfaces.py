"""Surfaces after a run: whom they are asked of, what is kept of a failure, and one real run."""

from dataclasses import replace

import pytest

import bench
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process import entries
from bench.process.worker import WorkerError
from bench.report import write
from bench.session import surfaces
from bench.session.observer import Observer
from bench.session.surfaces import tell_surfaces
from bench.store.result import Result
from bench.store.run import create, load
from bench.store.surface import surfaces_of
from tests.plan.conftest import catalogue

__all__ = ["catalogue"]
CELLS = [Cell("debug", optimizer=name) for name in ("sgd", "adam", "muon")]
PLAN = Plan(epochs=2, surface=True, timeout=10.0)


class Listener(Observer):
    def __init__(self):
        self.heard = []

    def warned(self, text):
        self.heard.append(text)


def trained(cell, **changes):
    entry = {"steps": 9, "test_accuracy": 0.5}
    return Result(cell, "ok", None, training={"epochs": [entry], "limit": None, **changes})


@pytest.fixture
def asked(monkeypatch, tmp_path, catalogue):
    """Tells the surfaces of results where the worker answers so; the run, what was asked, and what was warned of."""

    def ask(results, *answers, run=None):
        tasks, listener = [], Listener()

        def talk(_executor, entry, task, timeout):
            tasks.append((entry, task, timeout))
            for answer in answers:
                if isinstance(answer, WorkerError):
                    raise answer
                yield answer

        monkeypatch.setattr(surfaces, "talk", talk)
        run = run or create("mine", {}, tmp_path)
        for result in results:
            run.append(result)
        known = catalogue(architectures={"debug": {"parameters": 562}})
        tell_surfaces(run, PLAN, known, None, listener)
        return load("mine", tmp_path), tasks, listener.heard

    return ask


def test_a_worker_is_asked_for_each_net_once_with_what_was_recorded(asked):
    answer = {"cells": [cell.id for cell in CELLS]}
    run, [(entry, task, timeout)], heard = asked(map(trained, CELLS), ("stage", "path of sgd"), ("surface", answer))
    assert (entry, timeout, heard) == (entries.SURFACE, 30.0, [])
    assert [(each.cell, each.steps, each.accuracy) for each in task.descents] == [(cell, 9, 0.5) for cell in CELLS]
    assert task.epochs == 2
    assert run.facts.surfaces == (answer,)
    assert asked([], run=run)[1] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WorkerError("oom", "memory ran out"), "memory ran out"),
        (("failed", "a loss of -1 has no logarithm"), "a loss of -1 has no logarithm"),
        (("stage", "path of sgd"), "the worker ended without an answer"),
    ],
)
def test_a_failure_is_kept_and_costs_nothing_else(answer, reason, asked):
    run, _, heard = asked(map(trained, CELLS), answer)
    assert heard == [f"no loss surface of debug is told: {reason}"]
    (surface,) = surfaces_of(run.facts.surfaces)
    assert (surface.absent, surface.cells) == (reason, tuple(cell.id for cell in CELLS))
    assert len(list(run.lines())) == 3


def test_what_did_not_train_to_its_end_or_by_time_has_no_path(asked):
    failed = replace(trained(CELLS[1]), status="failed", reason="x")
    run, [(_, task, _)], _ = asked([trained(CELLS[0]), failed, trained(CELLS[2])], ("failed", "x"))
    assert [each.cell for each in task.descents] == [CELLS[0], CELLS[2]]
    timed = [trained(CELLS[1], limit=3.0), trained(Cell("debug", seed=1))]
    run, [(_, task, _)], _ = asked(timed, ("failed", "y"), run=run)
    assert [each.cell for each in task.descents] == [CELLS[0], CELLS[2]]


def test_trainings_that_seconds_ended_are_said_to_have_none(asked):
    _, tasks, heard = asked([trained(cell, limit=1.0) for cell in CELLS])
    assert tasks == []
    assert "--train-limit" in heard[0]


@pytest.mark.slow
def test_a_real_run_has_planes_with_all_its_optimizers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fields = {"architectures": ["debug"], "datasets": ["synthetic"], "optimizers": ["sgd", "adam", "momentum"]}
    bench.run(**fields, threads=[1], repeats=1, epochs=1, blocks=0, surface=True, concurrent=True, run="planes")
    (surface,) = surfaces_of(load("planes").facts.surfaces)
    assert [plane.kind for plane in surface.planes] == ["start", "ends", "random"]
    assert [path.accuracy for path in surface.paths] == [path.recorded for path in surface.paths]
    assert 'id="surface-start"' in write(load("planes"), tmp_path / "reports").read_text("utf-8")
