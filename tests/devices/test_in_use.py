"""Which device a process has been working on, as its own libraries tell: nothing is initialized to find out."""

import pytest
import torch

from bench.devices import CpuDevice, CudaDevice, device_in_use


@pytest.fixture
def cuda(monkeypatch):
    """As a process would see it that has held these bytes on each of its GPUs; None for one without any."""

    def held(*peaks):
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: bool(peaks))
        monkeypatch.setattr(torch.accelerator, "device_count", lambda: len(peaks))
        monkeypatch.setattr(torch.accelerator, "max_memory_allocated", lambda index: peaks[index])
        monkeypatch.setattr(torch.accelerator, "set_device_index", lambda device: None)

    return held


@pytest.mark.parametrize(
    ("peaks", "name"),
    [((), "cpu"), ((0,), "cpu"), ((512,), "cuda:0"), ((0, 512), "cuda:1"), ((1024, 512), "cuda:0")],
)
def test_the_device_is_the_one_on_which_memory_was_held(cuda, peaks, name):
    cuda(*peaks)
    assert device_in_use().name == name
    assert CpuDevice.in_use() == "cpu"
    assert CudaDevice.in_use() == (None if name == "cpu" else name)
