"""Summary: one step by phase, category, operator and module, whose parts add up."""

import json
from collections import Counter

import pytest

from bench.trace import summary
from bench.trace.events import load
from bench.trace.summary import summarize
from tests.trace import gpu
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
    assert found["busy"] + sum(found["idle"].values()) == pytest.approx(found["seconds"])
    assert [row[:2] for row in found["kernels"]] == [["dgrad", "convolution"], ["scudnn", "convolution"]]


def test_a_training_on_a_gpu_is_summed_up_by_the_step(training):
    summed = summarize(training)
    assert summed["steps"] == 3
    assert summed["launches"] == Counter(work.phase for work in gpu.KERNELS)
    assert summed["busy"] == pytest.approx(gpu.BUSY * 1e-6)
    rows = {tuple(row[2:4]): row[4:] for row in summed["rows"]}
    assert rows == {(work.operator, work.module): [pytest.approx(work.length * 1e-6), 1] for work in gpu.WORKS}
    kernels = Counter()
    for work in gpu.KERNELS:
        kernels[work.name] += work.length * 1e-6
    assert {name: seconds for name, _, seconds, _ in summed["kernels"]} == pytest.approx(kernels)
    check_summary(summed)


def test_a_real_trace_of_a_gpu_is_summed_up(real):
    check_summary(summarize(real))


def check_summary(summed):
    total = sum(row[4] for row in summed["rows"])
    other = sum(row[4] for row in summed["rows"] if row[1] == "other")
    assert other < 0.05 * total
    assert sum(summed["phases"].values()) == pytest.approx(summed["seconds"])
    assert json.loads(json.dumps(summed)) == summed


@pytest.mark.parametrize(("name", "count"), [("alexnet_train_a100", 79), ("ddp_rank0_v100", 4350)])
def test_a_real_trace_has_as_many_launches_as_are_known(named, name, count):
    summed = summarize(named(name))
    assert sum(summed["launches"].values()) * summed["steps"] == count


def test_what_a_residual_net_spends_on_a_gpu_is_mostly_convolution(named):
    found = summarize(named("ddp_rank0_v100"))
    share = sum(row[4] for row in found["rows"] if row[1] == "convolution") / sum(row[4] for row in found["rows"])
    assert 0.6 < share < 0.75
    assert found["launches"] == {"forward": 299, "backward": 562, "optimizer": 9}
    assert sum(found["phases"].values()) == pytest.approx(found["seconds"])


def test_a_kernel_that_nobody_called_goes_by_its_own_name(written):
    summed = summarize(load(written([operator("aten::add", 0, 9), kernel("lonely", 5, 10, 3)])))
    assert [row[2] for row in summed["rows"]] == ["lonely"]


def test_kernels_without_a_host_are_one_step(written):
    summed = summarize(load(written([kernel("lonely", 5, 10, 3)])))
    assert (summed["steps"], summed["seconds"]) == (1, pytest.approx(10e-6))
    assert [row[2] for row in summed["rows"]] == ["lonely"]


def test_calls_of_some_steps_alone_are_a_fraction(written):
    once = operator("aten::mm", 1, 5)
    summed = summarize(load(written([once, *(annotation(f"ProfilerStep#{at}", at * 10, 9) for at in range(4))])))
    assert summed["rows"][0][5] == 0.25


def of_kernels(*counts, slow=()):
    """Steps with so many kernels of 10 µs each, 5 µs apart, of the slow ones 50, and a phase that launches none."""
    number, events = 0, []
    for at, count in enumerate(counts):
        start, gap = 1000 * at, 50 if at in slow else 5
        events += [annotation(f"ProfilerStep#{at}", start, 900), annotation("zero_grad", start, 5)]
        events += [annotation("forward", start + 10, 400), operator("aten::conv2d", start + 10, 390)]
        for turn in range(count):
            number += 1
            events.append(launch(start + 20 + turn, 1, number))
            events.append(kernel("scudnn", start + 100 + turn * (10 + gap), 10, number))
    return events


def test_launches_are_whole_where_all_steps_agree_and_not_where_they_differ(written):
    same, other = (summarize(load(written(of_kernels(*counts))))["launches"] for counts in ((4, 4), (9, 10)))
    assert same == {"forward": 4}
    assert isinstance(same["forward"], int)
    assert not isinstance(other["forward"], int)


def test_busy_and_idle_time_make_the_step_whatever_others_took(written):
    found = summarize(load(written(of_kernels(4, 4, 4, slow={1}))))
    assert found["seconds"] == pytest.approx(55e-6)
    assert found["busy"] == pytest.approx(40e-6)
    assert found["busy"] + sum(found["idle"].values()) == pytest.approx(found["seconds"])


def test_a_phase_that_launches_nothing_takes_no_time_of_the_device(written):
    assert summarize(load(written(of_kernels(4, 4))))["phases"]["zero_grad"] == 0.0
