"""Starts of compiled cells in fresh processes: what these are given, and what comes of them."""

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.task import Task
from bench.process import entries
from bench.process.worker import HERE, WorkerError
from bench.session import starts
from bench.session.starts import check_starts, kept_for, starts_of

CELL = Cell("mlp", mode="compile")
TASK = Task(CELL, starts=True, caches="kept")


class Local:
    nodes = (HERE,)


class Cluster:
    nodes = ("one", "two")


@pytest.fixture
def answers(monkeypatch):
    """Answers of the processes in turn; the list of what they were asked."""
    asked, given = [], iter((2.5, 9.5))

    def talk(_executor, entry, task, timeout):
        assert (entry, timeout) == (entries.COMPILE_START, TASK.timeout)
        asked.append((task.caches, task.artifacts, Path(task.caches).exists()))
        if (answer := next(given)) is None:
            raise WorkerError("oom", "memory ran out")
        yield "started", answer

    monkeypatch.setattr(starts, "talk", talk)
    return asked


def test_one_start_has_the_folder_that_was_kept_and_one_what_was_packed(answers):
    measurements, warnings = starts_of(TASK, b"packed", Local())
    assert {one.metric: one.value for one in measurements} == {"compile_time_warm": 2.5, "compile_time_restored": 9.5}
    assert warnings == []
    (warm, restored) = answers
    assert warm == ("kept", b"", False)
    assert restored[1:] == (b"packed", True)
    assert not Path(restored[0]).exists()  # it was there for that start alone


def test_a_start_that_fails_is_a_warning(monkeypatch):
    monkeypatch.setattr(starts, "talk", lambda *_: iter([("failed", "no space is left")]))
    measurements, warnings = starts_of(TASK, b"packed", Local())
    assert measurements == []
    assert [warning.text for warning in warnings] == [
        "compile time warm is not known: no space is left",
        "compile time restored is not known: no space is left",
    ]


def test_without_anything_to_restore_a_cold_start_is_not_told_as_a_restored_one(answers):
    measurements, warnings = starts_of(TASK, b"", Local())
    assert [measured.metric for measured in measurements] == ["compile_time_warm"]
    assert [warning.text for warning in warnings] == [
        "compile time restored is not known: torch handed over nothing to restore"
    ]


def test_a_folder_is_kept_for_starts_alone():
    with kept_for(TASK) as folder:
        assert Path(folder).is_dir()
    assert not Path(folder).exists()
    with kept_for(Task(CELL)) as folder:
        assert folder == ""


@pytest.mark.parametrize(
    ("plan", "cells", "executor", "words"),
    [
        (Plan(starts=True), [Cell("mlp")], Local, "there is none: add --modes compile"),
        (Plan(starts=True, blocks=0), [CELL], Local, "there is none"),
        (Plan(starts=True), [CELL], Cluster, "on this machine: leave it out"),
    ],
)
def test_starts_that_cannot_be_told_are_refused(plan, cells, executor, words):
    with pytest.raises(BenchError, match=words):
        check_starts(plan, cells, executor())


def test_other_plans_ask_for_nothing():
    check_starts(Plan(), [Cell("mlp")], Cluster())
    check_starts(Plan(starts=True), [CELL], Local())
