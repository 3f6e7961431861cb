"""The meaning of the operators of the catalogue: next to nothing is left under "other"."""

import pytest
import torch

import architectures
from bench.measure.device import CpuDevice
from bench.measure.profile import profile_cell
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.trace.summary import outside

# Every kind of layer that the catalogue has; the other nets differ from these in sizes and in how often.
SMALL = (
    *("softmax_regression", "mlp", "mlp_sigmoid", "mlp_gelu", "mlp_bn", "mlp_log_softmax", "lenet5_1998"),
    *("convnet_replicate", "convnet_reflect", "convnet_keras", "conv_shuffled", "conv_dilated", "alexnet_small"),
    *("vgg4_bn", "resnet20_preactivation"),
)
ZOO = ("googlenet", "resnet50")


def shares_of(name, folder, batch=4, optimizer="adam"):
    """Shares of a profiled step: of its operators under "other", and of the step outside operators."""
    shape = architectures.get(name).input_shape
    classes = architectures.get(name).num_classes
    torch.set_num_threads(1)
    images, labels = torch.rand(batch, *shape), torch.randint(0, classes, (batch,))
    cell = Cell(name, optimizer=optimizer, dataset="synthetic", batch_size=batch)
    found = profile_cell(lambda: Workload(cell, CpuDevice(), images, labels, classes), folder)
    total = sum(row[4] for row in found["rows"])
    other = sum(row[4] for row in found["rows"] if row[1] == "other")
    return other / total, sum(outside(found).values()) / sum(found["phases"].values())


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_little_is_other_in_any_small_net(name, tmp_path):
    other, _ = shares_of(name, tmp_path)
    assert other < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_little_is_other_in_the_large_nets(name, tmp_path):
    other, _ = shares_of(name, tmp_path, batch=1, optimizer="sgd")
    assert other < 0.05
