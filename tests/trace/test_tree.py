"""Tree: own times, phases and modules, on small traces made by hand and on real ones."""

from collections import Counter

import pytest

from bench.trace.events import load
from bench.trace.tree import Node, grow
from tests.trace.handmade import annotation, launch, operator


@pytest.fixture
def forest(written):
    return lambda events: grow(load(written(events)))


def test_own_time_leaves_out_the_operators_called_within(forest):
    grown = forest(
        [operator("outer", 0, 100), operator("inner", 10, 30), operator("innermost", 20, 5), operator("late", 60, 40)]
    )
    assert {node.name: node.own for node in grown.nodes} == {"outer": 30, "inner": 25, "innermost": 5, "late": 40}
    assert next(node for node in grown.nodes if node.name == "innermost").lineage() == ["innermost", "inner", "outer"]


def test_a_mark_between_two_operators_hides_neither(forest):
    grown = forest([operator("outer", 0, 100), annotation("nn.Module: a", 10, 50), operator("inner", 20, 30)])
    assert next(node.own for node in grown.nodes if node.name == "outer") == 70


def test_a_child_that_seems_to_outlast_its_parent_is_cut(forest):
    grown = forest([operator("outer", 0, 10), operator("inner", 9, 2)])
    assert [node.own for node in grown.nodes] == [9, 1]


def test_own_times_add_up_to_the_time_of_the_outermost_operators(training):
    check_own_times(grow(training))


def test_own_times_add_up_in_a_real_trace(real):
    check_own_times(grow(real))


def check_own_times(grown):
    operators = [node for node in grown.nodes if node.kind == "operator"]
    outermost = [node for node in operators if not any(kind == "operator" for kind in kinds_above(node))]
    assert sum(node.own for node in operators) == pytest.approx(sum(node.end - node.start for node in outermost))


def kinds_above(node):
    while node.parent:
        node = node.parent
        yield node.kind


def test_threads_do_not_nest_in_each_other(forest):
    grown = forest([operator("one", 0, 100, thread=1), operator("two", 10, 30, thread=2)])
    assert [node.own for node in grown.nodes] == [100, 30]


def test_steps_and_phases_follow_from_the_marks(forest):
    grown = forest(
        [
            annotation("ProfilerStep#3", 0, 100),
            annotation("forward", 5, 40),
            annotation("## backward ##", 50, 40),
            operator("in", 10, 5),
            operator("between", 46, 2),
            operator("back", 60, 5, thread=9),  # the backward pass may run in a thread of its own
            operator("after", 120, 5),
        ]
    )
    found = {node.name: (node.step, node.phase) for node in grown.nodes if node.kind == "operator"}
    assert found == {"in": (0, "forward"), "between": (0, ""), "back": (0, "backward"), "after": (-1, "")}


def test_backward_nodes_have_the_module_of_the_operator_that_recorded_them(forest):
    node = "autograd::engine::evaluate_function: "
    grown = forest(
        [
            annotation("forward", 0, 50),
            annotation("nn.Module: conv", 1, 19),
            operator("aten::conv2d", 2, 10, **{"Sequence number": 7}),
            annotation("nn.Module: act", 20, 10),
            operator("aten::relu", 21, 5, **{"Sequence number": 8}),
            annotation("loss", 50, 10),
            operator("aten::nll_loss", 51, 5, **{"Sequence number": 9}),
            annotation("backward", 60, 100),
            operator(node + "NllLossBackward0", 61, 5, **{"Sequence number": 9}),
            operator(node + "ReluBackward0", 70, 5, **{"Sequence number": 8}),
            operator(node + "ConvolutionBackward0", 80, 9, **{"Sequence number": 7}),
            operator("aten::convolution_backward", 81, 5),
            operator(node + "torch::autograd::AccumulateGrad", 90, 5),
        ]
    )
    modules = {one.name.removeprefix(node): one.module for one in grown.nodes if one.phase == "backward"}
    assert modules == {
        "backward": "",
        "NllLossBackward0": "(loss)",
        "ReluBackward0": "act",
        "ConvolutionBackward0": "conv",
        "aten::convolution_backward": "conv",
        "torch::autograd::AccumulateGrad": "conv",
    }


def test_phases_without_marks_of_ours_are_found_by_what_torch_marks(forest):
    grown = forest(
        [
            annotation("ProfilerStep#0", 0, 200),
            annotation("Optimizer.zero_grad#Adam.zero_grad", 0, 10),
            operator("aten::zero_", 2, 5),
            operator("aten::conv2d", 20, 10),
            operator("autograd::engine::evaluate_function: ConvolutionBackward0", 40, 20, thread=2),
            operator("aten::convolution_backward", 45, 10, thread=2),
            annotation("Optimizer.step#Adam.step", 80, 20),
            operator("aten::_fused_adam_", 85, 10),
            annotation("a mark of the user's", 110, 20),
            operator("aten::add", 115, 5),
        ]
    )
    assert {node.name: node.phase for node in grown.nodes if node.kind == "operator"} == {
        "aten::zero_": "zero_grad",
        "aten::conv2d": "",
        "autograd::engine::evaluate_function: ConvolutionBackward0": "backward",
        "aten::convolution_backward": "backward",
        "aten::_fused_adam_": "optimizer",
        "aten::add": "",
    }


def test_phases_of_a_real_trace_are_found_by_what_torch_marks(named):
    grown = grow(named("ddp_rank0_v100"))
    assert len(grown.steps) == 5
    phases = Counter(node.phase for node in grown.nodes if node.kind == "operator")
    assert {"forward", "backward", "optimizer"} <= set(phases)
    assert phases[""] < 0.1 * phases.total()


def test_marks_that_are_filed_as_operators_are_none(forest):
    grown = forest([operator("ProfilerStep#0", 0, 50), operator("Optimizer.step#Adam.step", 5, 20)])
    assert {node.kind for node in grown.nodes} == {"annotation"}
    assert len(grown.steps) == 1


def test_a_phase_within_a_phase_is_a_part_of_it(forest):
    grown = forest([annotation("forward", 0, 50), annotation("loss", 10, 20), operator("aten::add", 15, 5)])
    assert [name for _, _, name in grown.phases] == ["forward"]
    assert grown.nodes[-1].phase == "forward"


def test_a_long_mark_is_no_phase(forest):
    assert forest([annotation("#" * 40 + "forward", 0, 50), operator("aten::add", 5, 5)]).phases == []


def test_what_follows_a_phase_that_began_with_its_step_is_in_none(forest):
    grown = forest([annotation("ProfilerStep#0", 0, 90), annotation("forward", 0, 40), operator("aten::add", 60, 5)])
    assert grown.nodes[-1].phase == ""


def test_own_time_is_never_below_nothing_though_stamps_are_rounded(forest):
    assert Node("outer", "operator", 0.0, 2.4, -1, -1, inner=0.8 + 0.9 + 0.7 + 1e-9).own == 0


@pytest.mark.parametrize("category", ["cuda_runtime", "cuda_driver", "Runtime", "xpu_runtime", "privateuse1_driver"])
def test_a_call_to_any_kind_of_device_is_a_launch(forest, category):
    (node,) = grow_one(forest, category)
    assert (node.kind, node.correlation) == ("launch", 5)


def test_other_categories_are_no_launches(forest):
    assert grow_one(forest, "python_function") == []


def grow_one(forest, category):
    return list(forest([{**launch(0, 10, 5), "cat": category}]).nodes)
