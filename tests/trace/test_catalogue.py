"""The meaning of the operators of the catalogue: next to nothing is left under "other"."""

import pytest
import torch

import architectures
from bench.devices import CpuDevice
from bench.measure.profile import profile_cell
from bench.measure.workload import Workload
from bench.plan.cell import Cell

# Every kind of layer that the catalogue has; the other nets differ from these in sizes and in how often.
SMALL = (
    *("softmax_regression", "mlp", "mlp_sigmoid", "mlp_gelu", "mlp_bn", "mlp_log_softmax", "lenet5_1998"),
    *("convnet_replicate", "convnet_reflect", "convnet_keras", "conv_shuffled", "conv_dilated", "alexnet_small"),
    *("vgg4_bn", "resnet20_preactivation"),
)
ZOO = ("googlenet", "resnet50")


def share_of_other(name, folder, batch=4, optimizer="adam"):
    """The share of a profiled step's operators that stand under "other"."""
    shape = architectures.get(name).input_shape
    classes = architectures.get(name).num_classes
    torch.set_num_threads(1)
    images, labels = torch.rand(batch, *shape), torch.randint(0, classes, (batch,))
    cell = Cell(name, optimizer=optimizer, dataset="synthetic", batch_size=batch)
    found = profile_cell(lambda: Workload(cell, CpuDevice(), images, labels, classes), folder)
    total = sum(row[4] for row in found["rows"])
    other = sum(row[4] for row in found["rows"] if row[1] == "other")
    return other / total


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_little_is_other_in_any_small_net(name, tmp_path):
    assert share_of_other(name, tmp_path) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_little_is_other_in_the_large_nets(name, tmp_path):
    assert share_of_other(name, tmp_path, batch=1, optimizer="sgd") < 0.05
