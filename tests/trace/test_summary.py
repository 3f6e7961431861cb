"""Summary: one step by phase, category, operator and module, whose parts add up."""

import json

import pytest

from bench.trace import summary
from bench.trace.events import load
from bench.trace.summary import outside, summarize
from tests.trace.handmade import annotation, kernel, launch, operator


def a_step(start, slow=0):
    """A step of 100 µs: a convolution of 30 in a forward pass of 50, and an addition of 10 in a backward pass of 40."""
    return [
        annotation(f"ProfilerStep#{start}", start, 100 + slow),
        annotation("forward", start, 50 + slow),
        annotation("nn.Module: conv", start, 45 + slow),
        operator("aten::conv2d", start + 5, 30 + slow),
        operator("aten::mkldnn_convolution", start + 10, 20 + slow),
        annotation("backward", start + 60 + slow, 40),
        operator("aten::add", start + 65 + slow, 10),
    ]


def test_rows_are_of_the_steps_that_nothing_slowed_down(written):
    found = summarize(load(written([*a_step(0), *a_step(1000, slow=500), *a_step(2000)])))
    assert (found["side"], found["steps"]) == ("host", 3)
    assert found["seconds"] == pytest.approx(100e-6)
    assert found["phases"] == pytest.approx({"forward": 50e-6, "backward": 40e-6})
    assert {tuple(row[:4]): row[4:] for row in found["rows"]} == {
        ("forward", "convolution", "aten::mkldnn_convolution", "conv"): [pytest.approx(20e-6), 1],
        ("forward", "convolution", "aten::conv2d", "conv"): [pytest.approx(10e-6), 1],
        ("backward", "elementwise", "aten::add", ""): [pytest.approx(10e-6), 1],
    }
    assert outside(found) == pytest.approx({"forward": 20e-6, "backward": 30e-6})


def test_more_rows_than_a_record_should_hold_are_put_together(written, monkeypatch):
    monkeypatch.setattr(summary, "MOST_ROWS", 2)
    events = [annotation("forward", 0, 1000), *(operator(f"aten::mm{at}", at * 10, at + 1) for at in range(9))]
    found = summarize(load(written(events)))
    assert [row[2] for row in found["rows"]] == ["aten::mm8", "aten::mm7", "(the rest)"]
    assert sum(row[4] for row in found["rows"]) == pytest.approx(45e-6)
    assert sum(row[5] for row in found["rows"]) == 9


def test_on_a_device_times_are_those_of_kernels_and_launches_are_counted(written):
    events = []
    for at, start in enumerate((0, 1000)):
        events += [
            annotation(f"ProfilerStep#{at}", start, 30),
            annotation("forward", start, 10),
            operator("aten::conv2d", start, 9),
            launch(start + 1, 2, 2 * at + 1),
            annotation("backward", start + 12, 10),
            operator("aten::convolution_backward", start + 12, 9),
            launch(start + 13, 2, 2 * at + 2),
            kernel("scudnn", start + 100, 40, 2 * at + 1),
            kernel("dgrad", start + 150, 80, 2 * at + 2),
        ]
    found = summarize(load(written(events)))
    assert found["side"] == "device"
    assert found["launches"] == {"forward": 1, "backward": 1}
    assert found["phases"] == pytest.approx({"forward": 50e-6, "backward": 80e-6})
    assert found["seconds"] == pytest.approx(130e-6)
    assert found["busy"] == pytest.approx(120e-6)
    assert outside(found) == pytest.approx({"forward": 10e-6, "backward": 0.0})
    assert [row[:2] for row in found["kernels"]] == [["dgrad", "convolution"], ["scudnn", "convolution"]]


@pytest.mark.parametrize(("name", "count"), [("alexnet_train_a100", 79), ("ddp_rank0_v100", 4350)])
def test_a_real_trace_of_a_gpu_is_summed_up(real, name, count):
    found = summarize(load(real(name)))
    assert found["side"] == "device"
    assert sum(found["launches"].values()) * found["steps"] == count
    total = sum(row[4] for row in found["rows"])
    other = sum(row[4] for row in found["rows"] if row[1] == "other")
    assert other < 0.05 * total
    assert json.loads(json.dumps(found)) == found


def test_what_a_residual_net_spends_on_a_gpu_is_mostly_convolution(real):
    found = summarize(load(real("ddp_rank0_v100")))
    share = sum(row[4] for row in found["rows"] if row[1] == "convolution") / sum(row[4] for row in found["rows"])
    assert 0.6 < share < 0.75
    assert found["launches"] == {"forward": 299, "backward": 562, "optimizer": 9}
    assert sum(found["phases"].values()) == pytest.approx(found["seconds"])
