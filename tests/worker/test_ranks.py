"""A cell of several ranks as its worker measures it, on gloo; and how what ranks measured is summed up."""

import json

import numpy as np
import pytest

from bench.measure.blocks import Block
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process.entries import MEASURE_CELL
from bench.process.executor import open_executor, talk
from bench.ranks.rank import RankParts
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.trace.communication import Communication
from bench.vocabulary import PHASES
from bench.worker import ranks as module
from tests.conftest import HANG

CELL = Cell("softmax_regression", dataset="synthetic", batch_size=32, world_size=2)


def parts(wall, communication=None, warnings=()):
    block = Block("train", 0.0, wall, wall, 0, 0, np.full((4, len(PHASES) + 1), wall / 28))
    return RankParts({"cpu": "made up"}, {}, PHASES, [block], communication, list(warnings))


@pytest.fixture
def sent(monkeypatch):
    """What the worker sends of ranks that measured so and so."""
    from tests.measure.recording import Heard

    def measured(*given):
        monkeypatch.setattr(module, "launch", lambda ranks, function, own, start: [*given][:ranks])
        heard = Heard()
        parts = module.RankedTask(Task(CELL), heard)
        parts.measure()
        parts.profile()
        return heard

    return measured


def test_the_slowest_ranks_time_counts(sent):
    heard = sent(parts(1.0), parts(2.0))
    (measurements,) = heard.of("measurements")
    values = {each["metric"]: each["value"] for each in map(dict, measurements)}
    step = 2.0 / 28 * (len(PHASES) - 1)  # without the fetch
    assert values["step"] == pytest.approx(step)
    assert values["throughput"] == pytest.approx(32 / step)  # of all ranks' images
    assert [each["wall"] for (blocks,) in [heard.of("blocks")] for each in blocks] == [2.0]


def test_communication_is_of_the_rank_that_waits_least(sent):
    heard = sent(parts(1.0, Communication(0.5, 0.4, 3)), parts(1.0, Communication(0.2, 0.1, 3)))
    (measurements,) = heard.of("measurements")
    values = {each["metric"]: each["value"] for each in measurements}
    assert (values["communication"], values["communication_exposed"]) == (0.2, 0.1)


def test_without_a_trace_nothing_is_said_of_communication(sent):
    (measurements,) = sent(parts(1.0), parts(1.0)).of("measurements")
    assert {each["metric"] for each in measurements}.isdisjoint({"communication", "communication_exposed"})


def test_of_the_ranks_warnings_the_gravest_is_told_once(sent):
    had = [Warning("phases", "contended", share, f"{share} of a core") for share in (0.9, 0.4)]
    drift = [Warning("phases", "drifting", slope, f"{slope}") for slope in (0.02, -0.05)]
    heard = sent(parts(1.0, warnings=[had[0], drift[0]]), parts(1.0, warnings=[had[1], drift[1]]))
    told = [(each["kind"], each["amount"]) for each in heard.of("warning")]
    assert told[:2] == [("contended", 0.4), ("drifting", -0.05)]
    assert told[2][0] == "no profile"


@pytest.mark.slow
def test_two_ranks_are_measured_by_a_worker_as_one_is():
    task = Task(CELL, blocks=2, costs=False)
    with open_executor() as executor:
        given = list(talk(executor, MEASURE_CELL, task, HANG))
    assert [payload for kind, payload in given if kind == "status"] == [("ok", None)]
    taken = {each["metric"]: each for kind, payload in given if kind == "measurements" for each in payload}
    assert {"step", "throughput", "backward", "communication", "communication_exposed"} <= taken.keys()
    assert taken["throughput"]["value"] == pytest.approx(CELL.batch_size / taken["step"]["value"])
    assert taken["communication"]["value"] > 0
    assert 0 <= taken["communication_exposed"]["value"] <= taken["communication"]["value"]  # all of it may be hidden
    assert Measurement.from_dict(taken["step"]).samples.size > 2
    assert "left" not in {kind for kind, _ in given}  # no rank outlives its worker
    assert json.dumps([payload for kind, payload in given if kind == "system"])


@pytest.mark.slow
def test_a_cell_that_fails_in_its_ranks_is_told_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n\n\nclass Odd(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.line = nn.Linear(784, 10)\n\n    def forward(self, images):\n"
        "        raise ValueError('this net never works')\n"
    )
    monkeypatch.chdir(tmp_path)
    cell = Cell("Odd", dataset="synthetic", batch_size=32, world_size=2, origins=("architecture=nets.py:Odd",))
    with open_executor() as executor:
        given = list(talk(executor, MEASURE_CELL, Task(cell, blocks=2), HANG))
    (status, reason) = next(payload for kind, payload in given if kind == "status")
    assert status == "failed"
    assert "this net never works" in reason
    assert "\n" not in reason
