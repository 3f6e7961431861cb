"""CPU: the host's processor as a device."""

import gc
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from bench.devices.allocations import of_host
from bench.devices.interface import NO_CUDA_GRAPHS, AllocatorEvent, Clock, HostClock, MarkedStep, Step, reasons
from bench.devices.precision import is_narrow
from bench.devices.prefault import own_pages, populate, return_free_memory, status_bytes
from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts

with suppress(ImportError):  # it is of Unix
    import resource

SLAB_BYTES = 512 * 2**20  # more than the small nets of the catalogue take at batch 64, and touched in some 0.2 s
NO_GRAPH = "a CUDA graph needs a CUDA device"
NO_NARROW = "this processor does not compute products of float32 in {}"
NO_FLUSH = "this processor cannot flush denormals to zero"


class CpuDevice:
    """The host's processor. Its work is done when the call returns, so there is nothing to wait for."""

    facts = DeviceFacts("cpu", on_host=True, slow_denormals=True, slow_bfloat16=True, quantile_alone="p10")
    name = "cpu"
    torch_device = torch.device("cpu")
    fp32_flags: Mapping[str, Any] = {name: getattr(torch.backends.mkldnn, name) for name in ("matmul", "conv", "rnn")}

    def __init__(self, index: int = 0) -> None:
        if index:
            raise ValueError(f"all processors of the host are one device, so there is no cpu:{index}")

    @classmethod
    def available(cls) -> Mapping[str, DeviceFacts]:
        """The processor, with what it cannot do and why."""
        compiler = os.environ.get("CXX", "g++")
        no_compiler = f"torch.compile needs a C++ compiler, and there is no {compiler}"
        unsupported = {
            "compile": None if shutil.which(compiler) else no_compiler,
            "cuda_graph": NO_GRAPH,
            **NO_CUDA_GRAPHS,
            "flush": None if _flushes() else NO_FLUSH,
            **{word: None if is_narrow(cls(), word) else NO_NARROW.format(word) for word in ("tf32", "bf16")},
        }
        return {cls.name: replace(cls.facts, unsupported=reasons(unsupported))}

    @classmethod
    def absence(cls) -> str:
        """There is always one."""
        return ""

    @classmethod
    def in_use(cls) -> str:
        """The processor: every process works on it."""
        return cls.name

    @classmethod
    def is_full(cls) -> bool:
        """Not told: the system ends what takes too much."""
        return False

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

    def allocations(self, work: MarkedStep) -> list[AllocatorEvent]:
        """As of `Device`; scratch space that libraries take by themselves is not told."""
        return of_host(work)

    def free_memory(self) -> float | None:
        """Of the host's memory the system tells (`bench.machine.procfs`)."""
        return None

    def limit_memory(self, most: float) -> None:
        """Hold this process to so much more private memory that can be written to (RLIMIT_DATA of setrlimit(2))."""
        if not Path("/proc/self/status").exists():
            raise BenchError("only Linux holds a process to a limit of memory: name the batch sizes (--batch-sizes)")
        return_free_memory()
        held = status_bytes("VmData")
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (int(held + most), hard))

    def capture(self, step: Step) -> Step:
        """Not on a CPU."""
        raise NotImplementedError(NO_GRAPH)

    def copy_of(self, *_tensors: torch.Tensor) -> None:
        """Nothing to copy: the host's memory is the device's."""

    def describe(self) -> dict[str, Any]:
        """Nothing beyond the system's own facts."""
        return {}


def denormals_flushed() -> bool:
    """Whether this thread turns denormals into 0; read as integers, which nobody flushes, and on no other device."""
    smallest = torch.ones(1, dtype=torch.int32, device="cpu").view(torch.float32)
    return not bool((smallest * 1.0).view(torch.int32).any())


def _flushes() -> bool:
    """Whether the processor can; the mode is put back as torch has it."""
    able = bool(torch.set_flush_denormal(True))
    torch.set_flush_denormal(False)
    return able
