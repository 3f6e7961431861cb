"""The meaning of every operator of the catalogue: next to nothing is left under "other"."""

import pytest
import torch

import architectures
from bench.measure.device import CpuDevice
from bench.measure.profile import profile_cell
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.trace.summary import outside

LARGE = "zoo"  # the family whose images are 3x224x224, and whose steps take seconds
ZOO = ("googlenet", "resnet50", "vgg16")  # every kind of layer that the family has


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


SMALL = [name for name in architectures.names() if architectures.get(name).family != LARGE]


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
