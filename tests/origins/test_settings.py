"""Settings that a user's files make for their whole process: a cell has its own all the same."""

import gc
import os
import sys

import pytest
import torch

from bench.devices import CpuDevice
from bench.measure.workload import Workload
from bench.origins import settings_kept
from bench.origins.settings import SETTINGS, changes, put_back, settings_now, who_changed
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


SET = {
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "affinity": lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1]),
    "type of new tensors": lambda: torch.set_default_dtype(torch.float64),
    "device of new tensors": lambda: torch.set_default_device("cpu"),
    "modes of all calls": lambda: torch.set_default_device("cpu"),
    "gradients": lambda: torch.set_grad_enabled(False),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "deterministic algorithms": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "multithreaded backward": lambda: torch.autograd.set_multithreading_enabled(False),
    "filling of new tensors": lambda: setattr(torch.utils.deterministic, "fill_uninitialized_memory", False),
    "precision of products": lambda: torch.set_float32_matmul_precision("medium"),
    "TF32 of cuDNN": lambda: setattr(torch.backends.cudnn, "allow_tf32", not torch.backends.cudnn.allow_tf32),
    "search of cuDNN": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "oneDNN": lambda: setattr(torch.backends.mkldnn, "enabled", False),
    "products of oneDNN": lambda: setattr(torch.backends.mkldnn.matmul, "fp32_precision", "bf16"),
    "fast path of attention": lambda: torch.backends.mha.set_fastpath_enabled(False),
    "denormals flushed": lambda: torch.set_flush_denormal(True),
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "garbage collector": gc.disable,
    "profile function": lambda: sys.setprofile(lambda *_: None),
}


@pytest.mark.parametrize("name", SET)
def test_each_setting_is_seen_and_put_back(name):
    before = settings_now()
    try:
        SET[name]()
        after = settings_now()
    finally:
        put_back(before)
    if name == "affinity" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one core")
    assert name in changes(before, after)
    assert changes(before, settings_now()) == {}
    with settings_kept():
        SET[name]()
    assert changes(before, settings_now()) == {}


def test_a_hook_of_all_modules_is_seen():
    before = settings_now()
    handle = torch.nn.modules.module.register_module_forward_pre_hook(lambda *_: None)
    after = settings_now()
    handle.remove()
    assert "hooks of all modules" in changes(before, after)


def test_what_only_a_process_itself_can_set_is_laid_to_its_code_alone():
    outside = [name for name in SETTINGS if who_changed({name: "1 -> 2"}) != "its code"]
    assert outside == ["affinity", "priority"]
    assert who_changed({"gradients": "", "priority": ""}) == who_changed(["affinity"])
