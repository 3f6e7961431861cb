"""Device: kernels tied to what launched them, and the causes of idleness, by hand and on real CUDA traces."""

import pytest

from bench.trace.device import busy, idle, kernels_of
from bench.trace.events import load
from bench.trace.tree import grow
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


@pytest.mark.parametrize(("name", "count", "distinct"), [("alexnet_train_a100", 79, 16), ("ddp_rank0_v100", 4350, 77)])
def test_the_kernels_of_a_real_trace_are_as_many_as_are_known(real, name, count, distinct):
    trace = load(real(name))
    forest = grow(trace)
    found = [one for one in kernels_of(trace, forest) if one.is_kernel]
    assert len(found) == count
    assert len({one.name for one in found}) == distinct
    assert all(one.operator for one in found)


def test_idle_and_busy_time_fill_the_span_of_a_real_trace(real):
    trace = load(real("ddp_rank0_v100"))
    found = kernels_of(trace, grow(trace))
    span = max(one.end for one in found) - found[0].start
    total = sum(end - start for start, end in busy(found)) + sum(idle(found).values())
    assert total == pytest.approx(span)
    assert idle(found)["other wait"] == 0
