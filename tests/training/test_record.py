"""Training of one cell: what is sent of it, and what it warns of."""

import pytest

from bench.measure import denormals
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.store.warning import Warning
from bench.training.record import _warnings, paces_of
from bench.worker.cell import measure
from tests.measure.recording import Heard


def record(seconds):
    """A record of one epoch of 400 steps that took so long by each quarter."""
    last = {"epoch": 1, "steps": 400, "seconds": seconds[-1], "test_accuracy": 0.9}
    gradients = {"steps": [1, 100, 200, 300, 400], "seconds": seconds}
    return {"epochs": [last], "gradients": gradients, "limit": None, "until": None}


def test_a_pace_is_seconds_a_step_between_two_noted_steps():
    assert paces_of({"steps": [1, 11, 31], "seconds": [0.5, 1.5, 2.5]}) == pytest.approx([0.1, 0.05])
    assert paces_of({"steps": [1], "seconds": [0.5]}) == []


def test_an_even_training_has_no_warning():
    assert list(_warnings(record([0.004, 0.4, 0.8, 1.25, 1.7]), 1)) == []


def test_a_quarter_in_which_something_else_ran_is_told():
    (warning,) = _warnings(record([0.004, 0.4, 0.8, 4.8, 5.2]), 1)
    assert (warning.part, warning.kind, warning.amount) == ("training", "uneven", pytest.approx(10, rel=0.02))
    assert warning.text == "its steps took 10.0 times as long in one quarter of an epoch as in another"


def test_a_training_that_a_limit_ended_short_of_its_target_tells_both():
    ended = record([0.004, 0.4, 0.8, 1.25, 1.7]) | {"limit": 3.0, "until": {"target": 0.99, "reached": False}}
    assert list(_warnings(ended, 2)) == [
        Warning("training", "time limit", 3.0, "training stopped after 3 s, at epoch 1.0 of 2 (--train-limit)"),
        Warning(
            "training", "target missed", 0.9, "99.00 % test accuracy was not reached; the best was 90.00 % (--until)"
        ),
    ]


def test_each_evaluation_is_sent_so_that_an_end_in_between_loses_no_more_than_one():
    heard = Heard()
    sizes = []
    heard.send = lambda kind, payload: sizes.append(len(payload["epochs"])) if kind == "training" else None
    measure(Task(Cell("debug", batch_size=512), blocks=0, epochs=3), heard)

    *each, last = sizes  # the last with what was seen at the end
    assert each == [*range(1, last + 1)]
    assert last > 3


@pytest.mark.slow
def test_denormals_that_are_kept_are_warned_of(monkeypatch):
    monkeypatch.setattr(denormals, "NOTED", 0.0)
    heard = Heard()
    measure(Task(Cell("debug", batch_size=512), blocks=2, epochs=1, costs=False), heard)
    parts = [warning["part"] for warning in heard.of("warning") if warning["kind"] == "denormals"]

    assert parts == ["phases", "training"]
