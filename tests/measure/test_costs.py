import json
import subprocess
import sys

import pytest
import torch

from bench.measure.costs import _OperatorCounter, measure_costs, measure_memory
from bench.vocabulary import PHASES


def costs(work):
    return {one.metric: one.value for one in measure_costs(work) + measure_memory(work)}


def costs_in_a_fresh_process(architecture, **fields):
    """Each cell is measured in one: what other work left to the allocator holds weights that then seem to take none."""
    code = f"""if True:
        import json, torch
        from bench.devices import CpuDevice
        from bench.measure.costs import measure_costs, measure_memory
        from bench.measure.workload import Workload
        from bench.plan.cell import Cell
        cell = Cell({architecture!r}, **{fields!r})
        work = Workload(cell, CpuDevice(), torch.rand(128, 1, 28, 28), torch.randint(0, 10, (128,)), 10)
        print(json.dumps({{one.metric: one.value for one in measure_costs(work) + measure_memory(work)}}))
    """
    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_counts_of_softmax_regression_follow_from_its_formula(workload):
    counts = costs(workload("softmax_regression", batch_size=32))

    assert counts["parameters"] == 7_850
    assert counts["flops_forward"] == 2 * 32 * 784 * 10
    assert counts["flops"] == 2 * counts["flops_forward"]  # the first layer has no gradient of its input
    assert counts["parameter_bytes"] == 4 * 7_850
    assert counts["optimizer_bytes"] == 2 * 4 * 7_850 + 2 * 4  # two moments, and a step count for weight and bias
    assert counts["activation_bytes"] >= 4 * 32 * 784


def test_operators_of_a_phase_are_exact(workload):
    first, second = costs(workload("lenet5")), costs(workload("lenet5"))
    operators = {f"operators_{phase}" for phase in PHASES}

    assert operators <= set(first)
    assert all(first[name] == second[name] for name in operators)
    assert first["operators_forward"] > 0
    assert first["operators_backward"] > first["operators_forward"]


@pytest.mark.slow
def test_the_optimizer_s_code_path_shows_in_its_operators(workload):
    counts = [
        costs(workload("lenet5", implementation=name))["operators_optimizer"]
        for name in ("forloop", "foreach", "fused")
    ]

    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3


@pytest.mark.slow
def test_counts_are_equal_in_another_process(workload):
    here = {one.metric: one.value for one in measure_costs(workload("lenet5")) if one.statistic == "exact"}

    assert here.items() <= costs_in_a_fresh_process("lenet5", optimizer="adam").items()


@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark is read from /proc")
def test_peak_memory_is_that_of_weights_and_gradients():
    counts = costs_in_a_fresh_process("mlp_wide", optimizer="sgd", batch_size=8)  # 5.8 million parameters: 23 MB, twice
    least = 2 * counts["parameter_bytes"]

    assert least <= counts["peak_memory"] <= 1.4 * least


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark is read from /proc")
def test_peak_memory_holds_the_optimizer_s_state():
    plain, adam = (costs_in_a_fresh_process("mlp_wide", optimizer=name, batch_size=8) for name in ("sgd", "adam"))

    assert adam["peak_memory"] - plain["peak_memory"] >= adam["optimizer_bytes"] - plain["optimizer_bytes"]


def test_flops_of_a_step_are_those_of_its_halves(workload):
    counts = costs(workload("lenet5"))

    assert counts["flops"] == counts["flops_forward"] + counts["flops_backward"]
    assert counts["flops_backward"] > counts["flops_forward"] > 0


@pytest.mark.parametrize(
    ("operation", "moved"),
    [
        (lambda x, y: x + y, 3),  # two read, one written
        (lambda x, y: x + x, 2),
        (lambda x, y: x.add_(y), 3),  # two read, one of them written
        (lambda x, y: torch.mul(x, y, out=y), 3),
        (lambda x, y: torch._foreach_add_([x, y], [y, x]), 4),  # two read, both written
        (lambda x, y: x.expand(8, -1, -1) * 1.0, 9),  # what is repeated is read once and written eight times
        (lambda x, y: x.t().reshape(-1, 1).detach(), 2),  # reshape copies, the rest are views
        (lambda x, y: x.view(-1)[3:], 0),
        (lambda x, y: torch.empty_like(x), 0),
    ],
)
def test_bytes_moved_are_those_of_operands_and_results(operation, moved):
    x, y = torch.ones(16, 32), torch.ones(16, 32)
    with _OperatorCounter() as counter:
        for _ in range(2):
            counter.mark()  # into zero_grad, since the fetch of a batch is not of the step
        operation(x, y)

    assert counter.bytes_moved == moved * x.nbytes


def test_bytes_moved_of_a_step_are_exact_and_above_what_it_must_move(workload):
    first, second = (costs(workload("softmax_regression", optimizer="sgd", batch_size=32)) for _ in range(2))
    images, weights = 4 * 32 * 784, 4 * 7_850

    assert first["bytes_moved"] == second["bytes_moved"]
    assert (
        first["bytes_moved"] >= 2 * images + 5 * weights
    )  # read twice; weights read, gradient written, weights updated


def test_with_a_closure_counts_are_those_of_one_step_and_say_so(workload):
    once, several = (measure_costs(workload("debug", optimizer=name)) for name in ("sgd", "lbfgs"))
    counted = {one.metric: one for one in several}
    plain = {one.metric: one.value for one in once}
    evaluations = counted["flops"].value / plain["flops"]

    assert evaluations == int(evaluations) > 1
    assert counted["operators_forward"].value == evaluations * plain["operators_forward"]
    assert {one.statistic for one in several if one.metric.startswith(("flops", "operators"))} == {"single"}
    assert counted["optimizer_bytes"].value > counted["parameter_bytes"].value  # its history lies in lists
