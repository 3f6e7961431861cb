"""A try of a batch: what it takes against its limit; the limit is that of a process, so a real one is slow to show."""

import pytest

import bench
from bench.devices import CpuDevice
from bench.machine import procfs
from bench.plan.cell import Cell
from bench.plan.task import BatchTask
from bench.store.run import load
from bench.worker.batch_try import try_batch
from tests.measure.recording import Heard

CELL = Cell("debug", dataset="synthetic", batch_size=256)


def tried(monkeypatch, limit=0.0, **facts):
    """What a worker says, in this process, which no limit is put on."""
    limits = []
    monkeypatch.setattr(CpuDevice, "limit_memory", lambda _, most: limits.append(most))
    for name, value in facts.items():
        monkeypatch.setattr(CpuDevice, name, value)
    channel = Heard()
    try_batch(BatchTask(CELL, limit), channel)
    (ended,) = channel.of("tried")
    assert channel.of("limit") == limits
    return limits, ended


def test_a_batch_fits_where_its_peak_is_within_the_limit(monkeypatch):
    peak = {"peak_memory": lambda _, work: (work(), {"peak_memory": 3e6})[1]}
    assert tried(monkeypatch, 4e6, **peak) == ([4e6], ("ok", None, 3e6))
    assert tried(monkeypatch, 2e6, **peak) == ([2e6], ("oom", "it takes 3.00 MB", 3e6))


def test_without_a_limit_a_quarter_of_what_is_free_is_left_alone(monkeypatch):
    monkeypatch.setattr(procfs, "free_memory", lambda: 8e9)
    limits, (status, *_) = tried(monkeypatch, peak_memory=lambda *_: {})
    assert (limits, status) == ([6e9], "ok")


@pytest.mark.parametrize(
    ("error", "status"),
    [(MemoryError(), "oom"), (RuntimeError("can't allocate memory"), "oom"), (OSError("x"), "failed")],
)
def test_whatever_it_raises_is_its_status(monkeypatch, error, status):
    def fail(*_):
        raise error

    _, ended = tried(monkeypatch, 1e9, peak_memory=fail)
    assert ended[0] == status


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_a_run_measures_the_largest_batch_that_fits_a_limit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fields = {"architectures": ["mlp"], "batch_sizes": ["max"], "memory_limit": "40MB", "threads": [1], "seeds": [0]}
    bench.run(**fields, repeats=1, again=0, epochs=0, blocks=2, concurrent=True, run="largest", report=False)
    stored = load("largest")
    (entry,) = stored.facts.largest
    (cell,) = {head["id"]: head["cell"] for head in stored.heads()}.values()
    assert entry["batch_size"] == cell["batch_size"] > 64
    fits = [each["peak_memory"] for each in entry["tries"] if each["status"] == "ok"]
    assert max(fits) <= 40e6
    assert {each["status"] for each in entry["tries"]} == {"ok", "oom"}
