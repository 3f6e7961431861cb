import pytest
import torch

from bench import data
from bench.devices import CpuDevice
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from tests.conftest import hasty


@pytest.fixture(scope="session")
def mnist():
    """Real MNIST in [0, 1]: training and test images with their labels, a part of each."""
    dataset = data.load("mnist")
    stats = data.statistics(dataset.train_images)
    train = data.normalize(dataset.train_images[:4096], "unit", stats), dataset.train_labels[:4096]
    test = data.normalize(dataset.test_images[:1000], "unit", stats), dataset.test_labels[:1000]
    return train, test


@pytest.fixture
def workload(mnist):
    """Builds a workload on real MNIST; any field of the cell may be given."""

    def build(architecture="debug", device=None, images=512, **fields):
        (pictures, labels), _ = mnist
        torch.set_num_threads(1)
        cell = Cell(architecture, **{"optimizer": "adam", **fields})
        return Workload(cell, device or CpuDevice(), pictures[:images], labels[:images], 10)

    return build


@pytest.fixture
def quick():
    """Measuring in haste, where what is timed in this process is of no interest."""
    with hasty():
        yield
