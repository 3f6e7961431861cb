import subprocess
import sys

import pytest

from bench.measure.costs import measure_costs, measure_memory
from bench.measure.workload import PHASES


def costs(work):
    return {one.metric: one.value for one in measure_costs(work) + measure_memory(work)}


def test_counts_of_softmax_regression_follow_from_its_formula(workload):
    found = costs(workload("softmax_regression", batch_size=32))

    assert found["parameters"] == 7_850
    assert found["flops_forward"] == 2 * 32 * 784 * 10
    assert found["flops"] == 2 * found["flops_forward"]  # the first layer has no gradient of its input
    assert found["parameter_bytes"] == 4 * 7_850
    assert found["optimizer_bytes"] == 2 * 4 * 7_850 + 2 * 4  # two moments, and a step count for weight and bias
    assert found["activation_bytes"] >= 4 * 32 * 784


def test_operators_of_a_phase_are_exact(workload):
    first, second = costs(workload("lenet5")), costs(workload("lenet5"))
    operators = {f"operators_{phase}" for phase in PHASES}

    assert operators <= set(first)
    assert all(first[name] == second[name] for name in operators)
    assert first["operators_forward"] > 0
    assert first["operators_backward"] > first["operators_forward"]


def test_the_optimizer_s_code_path_shows_in_its_operators(workload):
    counts = [
        costs(workload("lenet5", implementation=name))["operators_optimizer"]
        for name in ("forloop", "foreach", "fused")
    ]

    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3


def test_counts_are_equal_in_another_process(workload):
    code = (
        "import torch; from bench.measure.costs import measure_costs; from bench.measure.workload import Workload;"
        "from bench.measure.device import CpuDevice; from bench.plan.cell import Cell;"
        "w = Workload(Cell('lenet5', optimizer='adam'), CpuDevice(), torch.rand(128, 1, 28, 28),"
        " torch.randint(0, 10, (128,)), 10);"
        "print({m.metric: m.value for m in measure_costs(w) if m.statistic == 'exact'})"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = {one.metric: one.value for one in measure_costs(workload("lenet5")) if one.statistic == "exact"}

    assert eval(printed) == here


@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark is read from /proc")
def test_peak_memory_is_that_of_weights_and_gradients(workload):
    found = costs(workload("mlp_wide", optimizer="sgd", batch_size=8))  # 5.8 million parameters: 23 MB, twice
    least = 2 * found["parameter_bytes"]

    assert least <= found["peak_memory"] <= 1.4 * least


@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark is read from /proc")
def test_peak_memory_holds_the_optimizer_s_state(workload):
    plain, adam = (costs(workload("mlp_wide", optimizer=name, batch_size=8)) for name in ("sgd", "adam"))

    assert adam["peak_memory"] - plain["peak_memory"] >= adam["optimizer_bytes"] - plain["optimizer_bytes"]
