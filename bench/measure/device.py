"""Device: where a cell runs. The only module that speaks of CUDA."""

import gc
import os
import shutil
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import torch

from bench.measure.nvidia import driver_facts
from bench.measure.prefault import own_pages, populate, return_free_memory, status_bytes
from bench.plan.cell import Cell

Step = Callable[[], object]
MarkedStep = Callable[[Callable[[], None]], object]


SLAB_BYTES = 512 * 2**20  # more than the small nets of the catalogue take at batch 64, and touched in some 0.2 s
NO_GRAPH = "a CUDA graph needs a CUDA device"
NO_FLUSH = "this processor cannot flush denormals to zero"


class Clock(Protocol):
    """Marks moments in the order of the device's work and gives the seconds between them afterwards."""

    def mark(self) -> None:
        """Mark this moment; cheap, and never waits for the device."""

    def seconds(self) -> list[float]:
        """Seconds between successive marks; to be called once the device has been synchronized."""


class Device(Protocol):
    """What the measuring half needs of a device; `cpu` and `cuda:N` are the two there are."""

    name: str
    torch_device: torch.device

    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""

    def clock(self, marks: int) -> Clock:
        """A clock for so many marks."""

    def settle_memory(self) -> None:
        """Have the allocator hold free memory that is in place already, so that no timed step waits for pages."""

    def peak_memory(self, work: Step) -> dict[str, float]:
        """Bytes that `work` takes at its peak above what was in use before, by name of metric."""

    def capture(self, step: Step) -> Step:
        """The step recorded as a graph, to be replayed as one launch."""

    def copy_of(self, *tensors: torch.Tensor) -> MarkedStep | None:
        """A step that copies such tensors from the host to the device; None where there is nothing to copy."""

    def facts(self) -> dict[str, Any]:
        """What to record about the device before measuring."""


class HostClock:
    """Marks by the host's monotonic clock; one mark costs about 50 ns."""

    def __init__(self) -> None:
        self._stamps: list[int] = []

    def mark(self) -> None:
        """Mark this moment."""
        self._stamps.append(time.perf_counter_ns())

    def seconds(self) -> list[float]:
        """Seconds between successive marks."""
        stamps = self._stamps
        return [(end - start) * 1e-9 for start, end in pairwise(stamps)]


class CpuDevice:
    """The host's processor. Its work is done when the call returns, so there is nothing to wait for."""

    name = "cpu"
    torch_device = torch.device("cpu")

    def synchronize(self) -> None:
        """Nothing: a call on the CPU returns when its work is done."""

    def clock(self, marks: int) -> Clock:  # noqa: ARG002 - the host's list of stamps grows as needed
        """A clock of host stamps."""
        return HostClock()

    def settle_memory(self) -> None:
        """Make every page of this process its own, then touch and free a slab.

        A forked worker shares its server's pages until it writes to them, a fault for each, and small allocations come
        from holes all over them. The slab stays with the pinned allocator: buffers that grow late find pages there.
        """
        own_pages()
        slab = torch.empty(SLAB_BYTES, dtype=torch.uint8)
        if not populate(slab.data_ptr(), slab.data_ptr() + SLAB_BYTES):
            slab.zero_()

    def peak_memory(self, work: Step) -> dict[str, float]:
        """High-water mark of resident memory during `work`, less what was resident before it.

        `work` runs once before, so that code pages, thread stacks and compiled primitives are in the floor. The mark
        (VmHWM of /proc/self/status, proc(5)) is put back by writing 5 to /proc/self/clear_refs; ru_maxrss would not
        do, since a forked child inherits it. Empty where the system has no such files.
        """
        if not Path("/proc/self/clear_refs").exists():
            return {}
        work()
        gc.collect()
        return_free_memory()
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:  # a kernel without page monitor, or a container that forbids it
            return {}
        floor = status_bytes("VmRSS")
        work()
        return {"peak_memory": max(status_bytes("VmHWM") - floor, 0.0)}

    def capture(self, step: Step) -> Step:
        """Not on a CPU."""
        raise NotImplementedError(NO_GRAPH)

    def copy_of(self, *_tensors: torch.Tensor) -> None:
        """Nothing to copy: the host's memory is the device's."""

    def facts(self) -> dict[str, Any]:
        """Nothing beyond the system's own facts."""
        return {}


class CudaClock:
    """Events recorded in the current stream, read after the block: the device's own time."""

    def __init__(self, marks: int) -> None:
        self._events = [torch.cuda.Event(enable_timing=True) for _ in range(marks)]
        self._used = 0

    def mark(self) -> None:
        """Record the next event in the stream; steps that mark more often than foreseen get further events."""
        if self._used == len(self._events):
            self._events.append(torch.cuda.Event(enable_timing=True))
        self._events[self._used].record()
        self._used += 1

    def seconds(self) -> list[float]:
        """Seconds between successive events."""
        used = self._events[: self._used]
        return [start.elapsed_time(end) * 1e-3 for start, end in pairwise(used)]


class CudaDevice:
    """One CUDA device."""

    def __init__(self, index: int) -> None:
        self.name = f"cuda:{index}"
        self.torch_device = torch.device("cuda", index)
        torch.cuda.set_device(self.torch_device)

    def synchronize(self) -> None:
        """Wait for the device."""
        torch.cuda.synchronize(self.torch_device)

    def clock(self, marks: int) -> Clock:
        """A clock of CUDA events, all made before the first is recorded."""
        return CudaClock(marks)

    def settle_memory(self) -> None:
        """Nothing: the caching allocator keeps what the warm-up took."""

    def peak_memory(self, work: Step) -> dict[str, float]:
        """Peak of the caching allocator during `work` above the floor: allocated, and reserved from the driver."""
        work()
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self.torch_device)
        floor = torch.cuda.memory_allocated(self.torch_device)
        floor_reserved = torch.cuda.memory_reserved(self.torch_device)
        work()
        self.synchronize()
        return {
            "peak_memory": float(torch.cuda.max_memory_allocated(self.torch_device) - floor),
            "peak_memory_reserved": float(torch.cuda.max_memory_reserved(self.torch_device) - floor_reserved),
        }

    def capture(self, step: Step) -> Step:
        """The step as a CUDA graph: warmed on a side stream, captured, then replayed as one launch."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        return graph.replay

    def copy_of(self, *tensors: torch.Tensor) -> MarkedStep:
        """A step that copies the tensors from pinned memory without waiting, as a training loop would."""
        pinned = [tensor.cpu().pin_memory() for tensor in tensors]

        def step(mark: Callable[[], None]) -> None:
            mark()
            for tensor in pinned:
                tensor.to(self.torch_device, non_blocking=True)
            mark()

        return step

    def facts(self) -> dict[str, Any]:
        """Name, size and clocks; clocks and throttle reasons are absent where the driver does not tell."""
        properties = torch.cuda.get_device_properties(self.torch_device)
        facts: dict[str, Any] = {
            "gpu": properties.name,
            "gpu_memory": properties.total_memory,
            "gpu_multiprocessors": properties.multi_processor_count,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
        uuid = getattr(properties, "uuid", None)  # absent from older torch and from other makers' GPUs
        return {**facts, **(driver_facts(str(uuid)) if uuid else {})}


def open_device(name: str) -> Device:
    """The device of that name: "cpu", "cuda" (the first) or "cuda:N"."""
    if name == "cpu":
        return CpuDevice()
    return CudaDevice(torch.device(name).index or 0)


def device_for(cell: Cell) -> Device:
    """The cell's device, and this process set up as the cell has it: its threads, and what becomes of denormals.

    To be called before any operator runs: a thread of the pool takes the processor's mode from the one that starts it.
    """
    torch.set_flush_denormal(cell.denormals == "flush")
    torch.set_num_threads(cell.threads)
    return open_device(cell.device)


def _flushes() -> bool:
    """Whether the processor can; the mode is put back as torch has it."""
    able = bool(torch.set_flush_denormal(True))
    torch.set_flush_denormal(False)
    return able


def available() -> dict[str, dict[str, Any]]:
    """Each usable device by name, with what it cannot do and why.

    Initializes CUDA: never call it in a process that forks.
    """
    compiler = os.environ.get("CXX", "g++")
    no_compiler = None if shutil.which(compiler) else f"torch.compile needs a C++ compiler, and there is no {compiler}"
    no = {"compile": no_compiler, "cuda_graph": NO_GRAPH, "flush": None if _flushes() else NO_FLUSH}
    found: dict[str, dict[str, Any]] = {"cpu": {"obstacles": _known(no)}}
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        major, minor = torch.cuda.get_device_capability(index)
        old = None if major >= 7 else f"torch.compile needs compute capability 7.0, this device has {major}.{minor}"
        narrow = None if torch.cuda.is_bf16_supported() else "this device has no bfloat16"
        found[f"cuda:{index}"] = {
            "gpu": torch.cuda.get_device_name(index),
            "obstacles": _known({"compile": old, "bfloat16": narrow}),
        }
    return found


def _known(obstacles: dict[str, str | None]) -> dict[str, str]:
    return {what: reason for what, reason in obstacles.items() if reason}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, on the host or on a device."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)
