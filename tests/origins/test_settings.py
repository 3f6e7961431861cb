"""Settings that a user's files make for their whole process: a cell has its own all the same."""

import pytest
import torch

from bench.devices import CpuDevice
from bench.measure.workload import Workload
from bench.origins import settings_kept
from bench.plan.cell import Cell

MEDDLING = """
import torch
from torch import nn

def meddle():
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)

meddle()
torch.manual_seed(5)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(12, 10)
        meddle()

    def forward(self, images):
        return self.layer(images.flatten(1))


def sgd(params, lr=0.1):
    meddle()
    return torch.optim.SGD(params, lr=lr)


def loss(logits, labels):
    return nn.functional.cross_entropy(logits, labels)
"""


def settings():
    return torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()


@pytest.fixture
def meddling(tmp_path, monkeypatch):
    """A folder whose files set what is the cell's to say, one file for each thing."""
    monkeypatch.setenv("BENCH_BASE", str(tmp_path))
    for name in ("meddling_net", "meddling_sgd", "meddling_loss"):
        (tmp_path / f"{name}.py").write_text(MEDDLING)


def test_a_step_is_made_with_the_cells_own(meddling):
    before = settings()
    origins = ("architecture=meddling_net.py:Net", "optimizer=meddling_sgd.py:sgd", "loss=meddling_loss.py:loss")
    cell = Cell("Net", "sgd", batch_size=4, loss="loss", seed=7, origins=origins)
    work = Workload(cell, CpuDevice(), torch.rand(8, 3, 2, 2), torch.arange(8) % 10, 10)
    assert settings() == before
    assert work.model.layer.weight.dtype == torch.float32
    assert torch.isfinite(work.step())
    other = Workload(cell, CpuDevice(), torch.rand(8, 3, 2, 2), torch.arange(8) % 10, 10)
    torch.manual_seed(7)
    assert torch.equal(other.model.layer.weight, torch.nn.Linear(12, 10).weight)


@pytest.mark.parametrize("random", [True, False])
def test_random_numbers_are_kept_for_an_import_alone(random):
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    with settings_kept(random=random):
        torch.rand(1)
    assert torch.equal(torch.rand(2), expected) is random
