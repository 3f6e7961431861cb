"""Communication: how long exchanges are in flight in a mean step, and how much of that no work hides."""

import pytest

from bench.trace.communication import communication_of
from bench.trace.events import Trace
from tests.trace.handmade import annotation, kernel, launch, operator


def steps(*lengths):
    """Marks of steps, one after the other."""
    begins = [sum(lengths[:at]) for at in range(len(lengths))]
    return [annotation(f"ProfilerStep#{at}", begin, lengths[at]) for at, begin in enumerate(begins)]


def seconds(events):
    known = communication_of(Trace(events, {}))
    return round(known.seconds * 1e6, 6), round(known.exposed * 1e6, 6), known.steps


def test_what_lies_beside_an_operator_is_hidden():
    events = [*steps(100), operator("aten::addmm", 0, 40), annotation("gloo:all_reduce", 30, 30, thread=2)]
    assert seconds(events) == (30, 20, 1)


def test_exchanges_at_the_same_time_count_once():
    both = [annotation("gloo:all_reduce", 10, 20, thread=2), annotation("gloo:all_reduce", 20, 20, thread=3)]
    assert seconds([*steps(100), *both]) == (30, 30, 1)


def test_it_is_a_mean_over_steps_and_what_lies_outside_them_is_none_of_it():
    exchanges = [annotation("gloo:all_reduce", start, 20, thread=2) for start in (90, 150, 290)]
    assert seconds([*steps(100, 200), *exchanges]) == (pytest.approx((10 + 10 + 20 + 10) / 2), 25, 2)


def test_handing_an_exchange_over_is_no_exchange():
    calls = [operator("c10d::allreduce_", 10, 5), operator("record_param_comms", 11, 3)]
    assert seconds([*steps(100), *calls]) == (0, 0, 1)


def test_on_a_device_it_is_the_kernels_of_collectives():
    events = [
        *steps(100),
        operator("aten::mm", 0, 5),
        launch(1, 1, 1),
        operator("nccl:all_reduce", 6, 4),
        launch(7, 1, 2),
        kernel("sgemm", 10, 20, 1),
        kernel("ncclDevKernel_AllReduce_Sum_f32_RING_LL", 20, 40, 2, stream=20),
    ]
    assert seconds(events) == (40, 30, 1)


def test_a_trace_without_a_step_tells_nothing():
    assert communication_of(Trace([], {})) is None
