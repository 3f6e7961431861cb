"""MPS: what a Mac's GPU says of itself, and how steps are timed there, on a Metal that is pretended."""

import platform

import pytest
import torch

from bench.devices import DEVICES, available, open_device, unsupported_on
from bench.devices.mps import MpsDevice
from bench.errors import BenchError
from bench.measure.speed import measure_phases
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process import executor


@pytest.fixture
def metal(monkeypatch):
    """What Metal was asked, with tensors on the host."""
    waits = []
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: True)
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waits.append("wait"))
    monkeypatch.setattr(MpsDevice, "torch_device", torch.device("cpu"))
    monkeypatch.delenv("BENCH_START_METHOD", raising=False)
    return waits


def test_it_is_here_where_torch_is_built_for_it_on_apple_s_processors(metal, monkeypatch):
    assert available()["mps"].model == "Apple GPU"
    assert DEVICES["mps"].absence() == ""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert "mps" not in available()
    assert "Apple's processors" in DEVICES["mps"].absence()


def test_whole_steps_are_timed_each_waited_for(metal, workload, quick):
    device = open_device("mps")
    work = workload(device=device)
    metal.clear()
    block = measure_phases(work, 1, 1)[0][0]
    assert block.intervals.shape == (block.steps, 3)  # the fetch, the step, and the gap after it
    metrics = {one.metric for one in measure_phases(work, 1, 1)[1]}
    assert metrics >= {"step", "fetch"}
    assert not metrics & {"forward", "backward", "optimizer", "mark_overhead", "launching"}
    assert len(metal) > 3 * block.steps


def test_what_nobody_counts_is_absent(metal):
    device = open_device("mps")
    assert device.peak_memory(lambda: None) == {}
    assert device.copy_of() is None
    assert unsupported_on(Cell("mlp", device="mps", mode="cuda_graph"))


def test_a_forked_process_leaves_metal_alone(metal, monkeypatch):
    monkeypatch.setenv("BENCH_START_METHOD", "fork")
    with pytest.raises(BenchError, match="cannot be used by a process that was forked"):
        open_device("mps")
    assert "mps" in available()
    assert metal == []


def test_there_is_one_of_them(metal):
    with pytest.raises(ValueError, match="no mps:1"):
        MpsDevice(1)


@pytest.mark.parametrize(
    ("devices", "kind"), [(("cpu",), "Workers"), (("mps",), "Spawned"), (("cpu", "mps"), "Spawned")]
)
def test_on_a_mac_what_is_not_on_the_host_runs_in_spawned_processes(monkeypatch, devices, kind):
    monkeypatch.setattr(executor, "UNFORKABLE", True)
    with executor.open_executor(Plan(devices=devices)) as started:
        assert type(started).__name__ == kind
