"""Attempts: what ends a worker is named by what it was trying, and not tried again."""

import pytest

from bench.process.attempts import ask
from bench.process.worker import WorkerError
from tests.process.scripted import Scripted


class Fake:
    """Workers one after the other, each with what it sends and the error that it ends with."""

    def __init__(self, *scripts):
        self.scripts, self.tasks = list(scripts), []

    def start(self, entry, task):
        self.tasks.append(task)
        return Scripted(*self.scripts.pop(0))


ANSWER = ([("trying", "a"), ("trying", ""), ("catalogue", "all")], None)
CRASH = WorkerError("failed", "the worker was ended by SIGSEGV")
FROM_OUTSIDE = WorkerError("failed", "its server ended", outside=True)


def asked(*scripts):
    workers = Fake(*scripts)
    return ask(workers, "entry", dict, 10.0), workers.tasks


def test_what_ends_a_worker_is_left_out_with_how_that_ended():
    parts, tasks = asked(([("trying", "a"), ("trying", "b")], CRASH), ([("trying", "a")], CRASH), ANSWER)
    assert parts["catalogue"] == "all"
    assert tasks == [{}, {"b": CRASH.reason}, {"b": CRASH.reason, "a": CRASH.reason}]


def test_a_worker_that_ends_well_amid_an_attempt_was_ended_by_it():
    _, tasks = asked(([("trying", "a")], None), ANSWER)
    assert list(tasks[1]) == ["a"]


def test_what_something_else_may_have_ended_is_no_fault_of_what_was_tried():
    _, tasks = asked(([("trying", "a")], FROM_OUTSIDE), ANSWER)
    assert tasks == [{}, {}]
    _, tasks = asked(([("trying", "a")], FROM_OUTSIDE), ([("trying", "a")], FROM_OUTSIDE), ANSWER)
    assert list(tasks[2]) == ["a"]


@pytest.mark.parametrize("parts", [[], [("trying", "a"), ("trying", "")]])
def test_any_other_end_is_an_error(parts):
    with pytest.raises(WorkerError, match="SIGSEGV"):
        asked((parts, CRASH))
