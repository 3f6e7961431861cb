"""Allocations: those of a trace, of a snapshot as torch documents it, and what an accelerator is asked for them."""

import pytest
import torch

from bench.devices import open_device
from bench.devices.allocations import from_history, from_trace
from bench.devices.interface import AllocatorEvent
from bench.measure.held_memory import held_memory
from bench.vocabulary import PHASES


def test_a_snapshot_as_torch_documents_it_is_read():
    history = [
        {"action": "segment_alloc", "addr": 1, "size": 2**21, "time_us": 1_000_000},
        {"action": "alloc", "addr": 1, "size": 512, "time_us": 1_000_001},
        {"action": "snapshot", "addr": 0, "size": 512, "time_us": 1_000_002},
        {"action": "free_requested", "addr": 1, "size": 512, "time_us": 1_000_003},
        {"action": "free_completed", "addr": 1, "size": 512, "time_us": 1_000_004},
        {"action": "oom", "size": 2**40, "time_us": 1_000_005, "device_free": 0},
    ]
    events = from_history(history, [0, 2, 6])
    assert [(event.address, event.size) for event in events] == [(0, 0), (1, 512), (0, 0), (1, -512), (0, 0)]
    assert [round(event.seconds - 1, 6) for event in events] == [0, 1e-6, 1e-6, 3e-6, 5e-6]
    assert from_history([], [0, 0]) == [AllocatorEvent(0.0)] * 2


def test_a_trace_has_the_host_s_memory_alone_in_the_order_of_time():
    def taken(seconds, size, device=0):
        return {"name": "[memory]", "ts": seconds * 1e6, "args": {"Addr": 5, "Bytes": size, "Device Type": device}}

    events = from_trace([taken(3, -4), taken(1, 4), taken(2, 8, device=1), {"name": "bench: mark", "ts": 2.5e6}, {}])
    assert [(event.seconds, event.size) for event in events] == [(1, 4), (2.5, 0), (3, -4)]


class CachingAllocator:
    """In the place of torch.cuda.memory: one allocation before each snapshot, which it keeps while it records."""

    def __init__(self, log):
        self.log, self.history = log, None

    def record(self, enabled="all", context="all"):
        self.log.append(("record", enabled, context))
        self.history = [] if enabled else None

    def snapshot(self):
        at = len(self.history)
        self.history.append({"action": "alloc", "addr": 2**50 + at, "size": 10, "time_us": 1000 * at})
        return {"segments": [], "device_traces": [list(self.history)]}


def test_an_accelerator_is_asked_for_the_history_of_its_allocator(pretended, workload, monkeypatch):
    allocator = CachingAllocator(pretended.log)
    monkeypatch.setattr(torch.cuda.memory, "_record_memory_history", allocator.record)
    monkeypatch.setattr(torch.cuda.memory, "_snapshot", allocator.snapshot)
    work = workload("debug", device=open_device("cuda"), optimizer="sgd")
    memory = held_memory(work)
    assert [each for each in pretended.log if each[0] == "record"] == [("record", "all", None), ("record", None, "all")]
    weights = sum(parameter.nbytes for parameter in work.model.parameters())
    assert {*memory["bytes"]["weights"]} == {weights}
    assert [each["phase"] for each in memory["phases"]] == [*PHASES]
    kept = {name: sizes[-1] for name, sizes in memory["bytes"].items()}
    # of each of the two steps one of the fetch, one each of forward and loss: this allocator takes none back
    assert (kept["inputs"], kept["activations"]) == (20, 40)


def test_the_history_is_ended_where_the_step_fails(pretended, monkeypatch):
    allocator = CachingAllocator(pretended.log)
    monkeypatch.setattr(torch.cuda.memory, "_record_memory_history", allocator.record)
    with pytest.raises(ZeroDivisionError):
        open_device("cuda").allocations(lambda _: 1 / 0)
    assert allocator.history is None
