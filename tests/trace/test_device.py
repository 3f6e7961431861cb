"""Device: kernels tied to what launched them, and the causes of idleness, made by hand and on real ones."""

import pytest

from bench.trace.device import busy, idle, kernels_of, spans_of
from bench.trace.events import load
from bench.trace.tree import grow
from tests.trace import gpu
from tests.trace.handmade import annotation, kernel, launch, operator


@pytest.fixture
def kernels(written):
    def build(events):
        trace = load(written(events))
        return kernels_of(trace, grow(trace))

    return build


def test_a_kernel_has_the_operator_phase_and_module_of_its_launch(kernels):
    (found,) = kernels(
        [
            annotation("ProfilerStep#1", 0, 50),
            annotation("forward", 1, 40),
            annotation("nn.Module: head", 2, 30),
            operator("aten::addmm", 3, 20),
            launch(5, 4, 77),
            kernel("ampere_sgemm", 100, 10, 77),  # long after the step has ended on the host
        ]
    )
    assert (found.step, found.phase, found.module, found.operator) == (0, "forward", "head", "aten::addmm")
    assert (found.category, found.launched) == ("matrix multiply", 9)


def test_a_kernel_without_a_launch_is_kept(kernels):
    (found,) = kernels([operator("aten::add", 0, 1), kernel("void elementwise_kernel", 5, 10, 3)])
    assert (found.step, found.launched, found.operator, found.category) == (0, None, "", "elementwise")


def test_idleness_is_told_apart_by_who_is_waited_for(kernels):
    found = kernels(
        [
            operator("aten::add", 0, 200),
            launch(0, 5, 1),
            launch(10, 5, 2),
            launch(80, 10, 3),
            kernel("first", 10, 30, 1),
            kernel("second", 45, 15, 2),  # called for at 15, ready at 40, began at 45
            kernel("third", 95, 5, 3),  # the device was ready at 60, called for until 90
            kernel("fourth", 110, 5, 4),  # nobody knows
        ]
    )
    assert busy(found) == [(10, 40), (45, 60), (95, 100), (110, 115)]
    assert idle(found) == {"host wait": 30, "kernel wait": 5 + 5, "other wait": 10}


def test_streams_that_overlap_leave_no_gap(kernels):
    found = kernels([operator("aten::add", 0, 9), *(kernel(str(at), at * 10, 15, at) for at in range(4))])
    assert busy(found) == [(0, 45)]
    assert sum(idle(found).values()) == 0


def test_everything_on_a_device_is_tied_to_what_launched_it(training):
    ran = kernels_of(training, grow(training))
    assert [one.start for one in ran] == sorted(one.start for one in ran)
    for step in range(3):
        own = [(one.name, one.phase, one.module, one.operator) for one in ran if one.step == step]
        assert own == [(work.name, work.phase, work.module, work.operator) for work in gpu.WORKS]
    assert [one.is_kernel for one in ran] == [work.category == "kernel" for work in gpu.WORKS] * 3


def test_idle_and_busy_time_fill_the_span(training):
    check_spans(kernels_of(training, grow(training)))


def test_busy_time_counts_streams_that_overlap_once(training):
    spans = busy(kernels_of(training, grow(training)))
    assert sum(end - start for start, end in spans) == 3 * gpu.BUSY


def check_spans(ran):
    span = max(one.end for one in ran) - ran[0].start
    total = sum(end - start for start, end in busy(ran)) + sum(idle(ran).values())
    assert total == pytest.approx(span)
    assert idle(ran)["other wait"] == 0


def test_kernels_of_a_real_trace_are_all_tied_to_an_operator(real):
    ran = [one for one in kernels_of(real, grow(real)) if one.is_kernel]
    assert len(ran) == sum(event["ph"] == "X" and event.get("cat") == "kernel" for event in real.events) > 0
    assert all(one.operator for one in ran)


def test_idle_and_busy_time_fill_the_span_of_a_real_trace(real):
    check_spans(kernels_of(real, grow(real)))


@pytest.mark.parametrize(("name", "count", "distinct"), [("alexnet_train_a100", 79, 16), ("ddp_rank0_v100", 4350, 77)])
def test_the_kernels_of_a_real_trace_are_as_many_as_are_known(named, name, count, distinct):
    trace = named(name)
    names = [one.name for one in kernels_of(trace, grow(trace)) if one.is_kernel]
    assert (len(names), len(set(names))) == (count, distinct)


def test_a_launch_that_returns_late_counts_from_the_start_of_its_kernel(kernels):
    (ran,) = kernels([operator("aten::add", 0, 30), launch(5, 20, 1), kernel("add", 15, 10, 1)])
    assert ran.launched == 15


def test_a_correlation_that_is_no_number_ties_nothing(kernels):
    odd = kernel("add", 15, 10, [1])
    (ran,) = kernels([operator("aten::add", 0, 30, **{"Sequence number": "7"}), launch(5, 5, "1"), odd])
    assert ran.launched is None


def test_a_step_lasts_until_the_last_of_its_kernels_ends(kernels):
    events = [
        annotation("ProfilerStep#0", 0, 50),
        annotation("backward", 0, 40),
        operator("aten::mm", 1, 30),
        launch(2, 2, 1),
        launch(6, 2, 2),
        kernel("long", 10, 40, 1),
        kernel("short", 12, 5, 2, stream=13),
    ]
    assert [dict(spans) for spans in spans_of(kernels(events), [(0, 50, "ProfilerStep#0")])] == [{"backward": 40}]
