"""Tree: own times, phases and modules, on small traces made by hand and on real ones."""

from collections import Counter

import pytest

from bench.trace.events import load
from bench.trace.tree import grow
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


def test_own_times_of_a_thread_add_up_to_the_time_of_its_outermost_operators(real):
    grown = grow(load(real("ddp_rank0_v100")))
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


def test_phases_of_a_foreign_trace_are_found_by_what_torch_marks(real):
    grown = grow(load(real("ddp_rank0_v100")))
    assert len(grown.steps) == 5
    phases = Counter(node.phase for node in grown.nodes if node.kind == "operator")
    assert {"forward", "backward", "optimizer"} <= set(phases)
    assert phases[""] < 0.1 * phases.total()


@pytest.mark.parametrize("category", ["cuda_runtime", "cuda_driver", "Runtime", "xpu_runtime", "privateuse1_driver"])
def test_a_call_to_any_kind_of_device_is_a_launch(forest, category):
    (node,) = grow_one(forest, category)
    assert (node.kind, node.correlation) == ("launch", 5)


def test_other_categories_are_no_launches(forest):
    assert grow_one(forest, "python_function") == []


def grow_one(forest, category):
    return list(forest([{**launch(0, 10, 5), "cat": category}]).nodes)
