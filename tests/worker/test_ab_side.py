"""One side of an A/B comparison: a slowdown of known size is made of more steps; a failure is sent as one line."""

from functools import partial

import numpy as np
import pytest
import torch

from bench.machine.system import usable_cores
from bench.measure.blocks import Block
from bench.measure.threads import longest_wait, waiting
from bench.measure.watch import Watch
from bench.plan.cell import Cell
from bench.worker import ab_side
from tests.counters.doubles import hot_once


class Talk:
    """A channel whose parent asks for blocks of 4 steps and then hangs up."""

    def __init__(self, blocks):
        self.words = [4] * blocks + [None]
        self.sent = []

    def send(self, kind, payload):
        self.sent.append((kind, payload))

    def receive(self):
        return self.words.pop(0)


def task(**cell):
    return {"cell": Cell(**{"architecture": "debug", "dataset": "synthetic", **cell}).to_dict(), "data_dir": ""}


def test_without_a_slowdown_times_stay_as_they_are():
    assert ab_side.inject_slowdown(np.array([1.0, 2.0, 3.0]), 0.0, 3) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("slower", "count"), [(0.1, 10), (0.25, 4), (0.05, 7), (1.0, 3)])
def test_a_slowdown_is_of_exactly_its_size_and_made_of_whole_work(slower, count):
    ran = int(np.ceil(count * (1 + slower)))
    times = ab_side.inject_slowdown(np.full(ran, 2.0), slower, count)
    assert times == pytest.approx([2.0 * (1 + slower)] * count)


def test_shares_of_steps_are_cut_where_they_end():
    assert ab_side.inject_slowdown(np.array([1.0, 3.0, 5.0]), 0.5, 2) == pytest.approx([1.0 + 1.5, 1.5 + 5.0])


@pytest.mark.parametrize(
    ("threads", "waited", "expected"), [(1, 0.5, 1.9), (2, 0.5, 1.5), (2, 2.5, 0.0), (2, None, None)]
)
def test_of_several_threads_the_one_that_waited_longest_tells_what_neighbours_took(threads, waited, expected):
    block = Block("cell", 0.0, wall=2.0, cpu=1.9, faults=0, preempted=0, intervals=np.ones((1, 1)), waited=waited)
    assert ab_side.on_core(block, threads).get("cpu") == expected


@pytest.mark.slow
def test_a_side_answers_blocks_with_the_times_of_steps_and_phases():
    talk = Talk(blocks=2)
    ab_side.serve({**task(), "inject": 0.25}, talk)
    (ready, facts), *blocks = talk.sent
    assert ready == "ready"
    assert facts.keys() == {"steps", "steady", "statistic", "layout"}
    assert facts["statistic"] == "p10"  # one thread of the host
    assert [kind for kind, _ in blocks] == ["block", "block"]
    for _, block in blocks:
        assert len(block["seconds"]) == 4
        assert min(block["seconds"]) > 0
        assert set(block["phases"]) == {"fetch", "zero_grad", "forward", "loss", "backward", "optimizer"}
        assert {len(times) for times in block["phases"].values()} == {4}
        assert 0 < block["cpu"] < 1.1 * block["wall"]  # the clocks of a process and of the wall tick apart


@pytest.mark.slow
@pytest.mark.skipif(usable_cores() < 2, reason="needs two cores")
def test_a_side_with_several_threads_tells_how_long_one_of_them_waited():
    """Or nothing, where the kernel does not count that; never the CPU time of all, which may be more."""
    talk = Talk(blocks=1)
    ab_side.serve({**task(threads=2), "inject": 0.0}, talk)
    (_, (_, block)) = talk.sent
    assert "cpu" not in block or 0 <= block["cpu"] <= block["wall"]
    assert ("cpu" in block) == (longest_wait(waiting()) is not None)


def test_counts_are_of_the_eager_step():
    talk = Talk(blocks=0)
    ab_side.count(task(), talk)
    [(kind, counts)] = talk.sent
    assert kind == "counts"
    assert counts["parameters"] == 562
    assert counts["operators_backward"] >= 20  # 24 by torch 2.9


def test_what_there_is_is_sent_as_plain_data():
    talk = Talk(blocks=0)
    ab_side.capabilities_of({"device": "cpu", "threads": 1, "datasets": ["mnist"], "data_dir": ""}, talk)
    [(kind, capabilities)] = talk.sent
    assert kind == "about"
    assert capabilities["catalogue"]["architectures"]["lenet5"]["module"] == "architectures.lenet"
    assert "batch_size" in capabilities["cell_fields"]
    assert capabilities["system"]["cores_usable"] >= 1


def test_a_side_whose_net_sets_its_threads_is_no_measurement(tmp_path):
    """Its times are not those of the cell, which says how many threads it has."""
    (tmp_path / "sets.py").write_text(
        "import torch\n\n\nclass Sets(torch.nn.Linear):\n    def __init__(self, shape, classes):\n"
        "        super().__init__(shape[0] * shape[1] * shape[2], classes)\n\n"
        "    def forward(self, images):\n        torch.set_num_threads(2)\n"
        "        return super().forward(images.flatten(1))\n"
    )
    talk, threads = Talk(blocks=1), torch.get_num_threads()
    try:
        ab_side.serve({**task(architecture=f"{tmp_path / 'sets.py'}:Sets"), "inject": 0.0}, talk)
    finally:
        torch.set_num_threads(threads)
    assert talk.sent[-1][0] == "failed"
    assert "its code changed threads (1 -> 2) while it was measured: leave that to --threads" in talk.sent[-1][1]


@pytest.mark.parametrize(
    ("entry", "words", "reason"),
    [
        (ab_side.count, task(architecture="lenett"), "UnknownArchitecture: unknown architecture 'lenett'"),
        (ab_side.serve, {**task(batch_size=10**7), "inject": 0.0}, "batch size 10000000"),
        (ab_side.capabilities_of, {"device": "cpu", "threads": 1, "datasets": ["nowhere"], "data_dir": ""}, "nowhere"),
    ],
)
def test_a_failure_is_sent_as_one_line(entry, words, reason):
    talk = Talk(blocks=0)
    entry(words, talk)
    [(kind, failure)] = talk.sent
    assert kind == "failed"
    assert reason in failure
    assert "\n" not in failure


@pytest.mark.usefixtures("quick")
def test_a_side_on_a_gpu_tells_its_clock_and_makes_throttled_blocks_again(monkeypatch):
    gpu = hot_once()
    monkeypatch.setattr(ab_side, "gpu_of", lambda device: gpu)
    monkeypatch.setattr(ab_side, "Watch", partial(Watch, sleep=lambda seconds: None))
    talk = Talk(blocks=2)
    ab_side.serve({**task(), "inject": 0.0}, talk)
    _, *blocks = [payload for _, payload in talk.sent]

    assert [(block["clock"], block["dropped"]) for block in blocks] == [(1.9e9, 1), (1.9e9, 0)]
    assert [len(block["seconds"]) for block in blocks] == [4, 4]


@pytest.mark.usefixtures("quick")
def test_a_side_on_the_processor_tells_of_no_clock():
    talk = Talk(blocks=1)
    ab_side.serve({**task(), "inject": 0.0}, talk)
    assert {"clock", "dropped"} & {*talk.sent[1][1]} == set()
