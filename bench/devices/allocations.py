"""Allocations: what an allocator hands out and takes back while a step runs, in order, with the marks between."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch.profiler import ProfilerActivity, profile, record_function

from bench.devices.interface import AllocatorEvent, MarkedStep

MARK = "bench: mark"
_SIGNS = {"alloc": 1, "free_requested": -1}  # the others move memory between the allocator and the driver


def of_host(work: MarkedStep) -> list[AllocatorEvent]:
    """Those of torch's allocator of the host, by torch.profiler; a mark is an annotation in its trace."""

    def mark() -> None:
        with record_function(MARK):
            pass

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        work(mark)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        return from_trace(json.loads(path.read_bytes())["traceEvents"])


def from_trace(events: Sequence[Mapping[str, Any]]) -> list[AllocatorEvent]:
    """Those of a trace of torch.profiler, the host's alone."""
    those = [
        AllocatorEvent(event["ts"] * 1e-6, *_of_memory(event))
        for event in events
        if event.get("name") == MARK or (event.get("name") == "[memory]" and event["args"]["Device Type"] == 0)
    ]
    return sorted(those, key=lambda event: event.seconds)


def _of_memory(event: Mapping[str, Any]) -> tuple[int, int]:
    return (event["args"]["Addr"], event["args"]["Bytes"]) if event["name"] != MARK else (0, 0)


def of_caching(memory: Any, index: int, work: MarkedStep) -> list[AllocatorEvent]:
    """Those of a caching allocator, by the history that it keeps for its snapshots; a mark is how long that is by then.

    Args:
        memory: torch's module of it, such as torch.cuda.memory.
        index: of the device.
        work: what to run; a kernel that is queued has its memory when it is queued.

    """
    places: list[int] = []

    def mark() -> None:
        places.append(len(_history(memory, index)))

    memory._record_memory_history(enabled="all", context=None)  # noqa: SLF001 - torch documents no other way
    try:
        work(mark)
        history = _history(memory, index)
    finally:
        memory._record_memory_history(enabled=None)  # noqa: SLF001
    return from_history(history, places)


def _history(memory: Any, index: int) -> Sequence[Mapping[str, Any]]:
    """What it keeps of one device."""
    traces: Sequence[Sequence[Mapping[str, Any]]] = memory._snapshot()["device_traces"]  # noqa: SLF001
    return traces[index] if index < len(traces) else ()


def from_history(history: Sequence[Mapping[str, Any]], places: Sequence[int]) -> list[AllocatorEvent]:
    """Those of a history of `torch.cuda.memory._snapshot`, with a mark at each place: before so many of its entries."""
    marks = list(reversed(places))
    events: list[AllocatorEvent] = []
    seconds = history[0]["time_us"] * 1e-6 if history else 0.0
    for at, entry in enumerate(history):
        while marks and marks[-1] <= at:
            marks.pop()
            events.append(AllocatorEvent(seconds))
        seconds = entry["time_us"] * 1e-6
        if sign := _SIGNS.get(entry["action"]):
            events.append(AllocatorEvent(seconds, entry["addr"], sign * entry["size"]))
    return [*events, *(AllocatorEvent(seconds) for _ in marks)]
