"""Placement: kernels whose launch is not in the trace get their step by the numbers of calls, or by time, or none."""

import random
from dataclasses import replace

import pytest

from bench.trace.device import kernels_of
from bench.trace.events import load
from bench.trace.summary import summarize
from bench.trace.tree import grow
from tests.trace import gpu
from tests.trace.handmade import annotation, kernel, launch, operator


@pytest.fixture
def placed(written):
    """The step of each kernel by its name."""

    def read(*events):
        trace = load(written([annotation(f"ProfilerStep#{at}", 100 * at, 100) for at in range(3)] + list(events)))
        return {ran.name: ran.step for ran in kernels_of(trace, grow(trace))}

    return read


def test_the_number_of_the_call_tells_the_step_though_the_device_lags(placed):
    steps = placed(
        launch(10, 5, 10),
        launch(110, 5, 20),
        launch(210, 5, 30),
        kernel("first", 120, 10, 10),
        kernel("lost", 130, 10, 11),
        kernel("second", 220, 10, 20),
        kernel("third", 320, 10, 30),
        kernel("last", 340, 10, 31),
    )
    assert steps == {"first": 0, "lost": 0, "second": 1, "third": 2, "last": 2}


def test_what_was_called_for_before_the_trace_is_in_no_step(placed):
    steps = placed(kernel("before", 5, 10, 3), launch(10, 5, 10), kernel("first", 20, 10, 10))
    assert steps == {"before": -1, "first": 0}


def test_a_number_that_contradicts_the_order_of_the_stream_does_not_count(placed):
    steps = placed(launch(10, 5, 10), kernel("first", 20, 10, 10), kernel("odd", 150, 10, 3))
    assert steps == {"first": 0, "odd": 1}


def test_without_numbers_it_goes_by_time(placed):
    steps = placed(kernel("a", 50, 10, -1), kernel("b", 150, 10, -1), kernel("c", 250, 10, -1), kernel("d", 999, 1, -1))
    assert steps == {"a": 0, "b": 1, "c": 2, "d": -1}


def test_it_has_the_phase_of_the_kernel_before_it(written):
    events = [event for event in gpu.training() if event.get("args", {}).get("correlation") != 5]
    events += [event for event in gpu.training() if event.get("cat") == "kernel" and event["args"]["correlation"] == 5]
    trace = load(written(events, **gpu.properties()))
    phases = [ran.phase for ran in kernels_of(trace, grow(trace)) if ran.step == 0]
    assert phases == [work.phase for work in gpu.WORKS]


def test_every_kernel_of_a_training_counts_though_some_launches_are_missing(written):
    """A third of the launches are taken out of all three steps but the first call."""
    lost = {at for at in range(2, 400) if at % 3 == 0}
    kept = [
        event
        for event in gpu.training()
        if not (event.get("cat") == "cuda_runtime" and event["args"]["correlation"] in lost)
    ]
    summed = summarize(load(written(kept, **gpu.properties())))
    assert (summed["steps"], summed["left_out"]) == (3, [])
    assert sum(row[4] for row in summed["rows"]) == pytest.approx(sum(work.length for work in gpu.WORKS) * 1e-6)
    assert summed["busy"] == pytest.approx(gpu.BUSY * 1e-6)
    (note,) = summed["notes"]
    assert "of the device's time is of kernels whose launch is not in the trace" in note


def test_the_share_that_is_in_no_step_is_told(written):
    events = [annotation("ProfilerStep#0", 100, 100), annotation("ProfilerStep#1", 200, 100)]
    events += [operator("aten::mm", at, 50) for at in (110, 210)]
    events += [launch(120, 5, 10), launch(220, 5, 20)]
    events += [kernel("before", 90, 10, 5), kernel("a", 130, 15, 10), kernel("b", 230, 15, 20)]
    summed = summarize(load(written(events)))
    assert summed["notes"] == [
        "25 % of the device's time was launched before the trace began, or after its steps: it counts in none"
    ]


def origins_of(trace):
    """Step, phase, module and operator of everything on the device, by when and where it ran."""
    ran = kernels_of(trace, grow(trace))
    return {(one.start, one.stream, one.name): (one.step, one.phase, one.module, one.operator) for one in ran}


def without(trace, share, *, operators=True):
    """The trace without that share of its calls to the device, and perhaps without the names of operators."""
    draw = random.Random(0)
    kept = [event for event in trace.events if not event.get("cat", "").endswith("runtime") or draw.random() >= share]
    if not operators:
        kept = [{**event, "args": {**event.get("args", {}), "External id": 0}} for event in kept]
    return replace(trace, events=kept)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_in_a_real_trace_the_operator_that_a_kernel_names_places_it(named, share):
    trace = named("lenet5_h100")
    assert origins_of(without(trace, share)) == origins_of(trace)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_in_a_real_trace_the_number_of_the_call_places_it(named, share):
    trace = named("lenet5_h100")
    found, right = origins_of(without(trace, share, operators=False)), origins_of(trace)
    assert sum(found[key][0] != right[key][0] for key in right) <= 1


def test_a_step_whose_kernels_are_taken_out_of_a_real_trace_is_left_out(named):
    trace = named("lenet5_h100")
    third = [key for key, (step, *_) in origins_of(trace).items() if step == 2]
    gone = {(start, name) for start, _, name in third[: len(third) // 3]}
    kept = [event for event in trace.events if (event.get("ts"), event["name"]) not in gone]
    whole, cut = summarize(trace), summarize(replace(trace, events=kept))
    assert ([len(whole["left_out"]), whole["steps"]], [len(cut["left_out"]), cut["steps"]]) == ([0, 5], [1, 4])
    assert "of its launches alone" in cut["left_out"][0][1]
    assert cut["launches"] == whole["launches"]
