"""MPS: the GPU of Apple's processors as a device, of which whole steps alone are timed."""

import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import torch

from bench.devices.interface import Clock, HostClock, MarkedStep, Step, no_arithmetic, no_limit
from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts

NO_GRAPH = "Metal has no graphs that torch could record a step in"
NO_COMPILER = "torch.compile's code for Metal is a prototype"


class WaitingClock(HostClock):
    """Stamps of the host's clock, each once the device has done all it was given.

    Recording an event there commits what is queued, and its times were wrong in several releases of torch.
    """

    def mark(self) -> None:
        """Wait for the device, then mark this moment."""
        torch.mps.synchronize()
        super().mark()


class MpsDevice:
    """The GPU of a Mac with Apple's processor."""

    facts = DeviceFacts(
        "mps",
        phases=False,
        forks=False,
        identity=("gpu", "gpu_timing"),
        unsupported={"cuda_graph": NO_GRAPH, "compile": NO_COMPILER, **no_arithmetic("MPS")},
    )
    name = "mps"
    torch_device = torch.device("mps")
    fp32_flags: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, index: int = 0) -> None:
        if index:
            raise ValueError(f"a Mac has one GPU, so there is no mps:{index}")
        if os.environ.get("BENCH_START_METHOD") == "fork":
            raise BenchError("mps cannot be used by a process that was forked: run measures there, ab does not")

    @classmethod
    def available(cls) -> Mapping[str, DeviceFacts]:
        """It, where torch has been built for it on such a processor: Metal itself is not asked, which a fork breaks."""
        here = torch.backends.mps.is_built() and platform.machine() == "arm64"
        return {cls.name: replace(cls.facts, model="Apple GPU")} if here else {}

    @classmethod
    def absence(cls) -> str:
        """As of `Device`."""
        if torch.backends.mps.is_built():
            return "" if cls.available() else f"it is of Apple's processors, and this one is {platform.machine()}"
        return f"this torch ({torch.__version__}) is not built for it"

    @classmethod
    def in_use(cls) -> str | None:
        """None, since nothing tells without starting Metal; a step of one's own names it."""
        return None

    @classmethod
    def is_full(cls) -> bool:
        """Not told: it has the host's memory."""
        return False

    def synchronize(self) -> None:
        """Wait for the device."""
        torch.mps.synchronize()

    def clock(self, marks: int) -> Clock:  # noqa: ARG002 - the host's list of stamps grows as needed
        """A clock that waits for the device at each mark, so that there are few of them."""
        return WaitingClock()

    def settle_memory(self) -> None:
        """Nothing: the caching allocator keeps what the warm-up took."""

    def peak_memory(self, work: Step) -> dict[str, float]:  # noqa: ARG002 - there is nothing to look at
        """Nothing: torch counts no peak there, and 0 would be a lie."""
        return {}

    def allocations(self, work: MarkedStep) -> None:
        """As of `Device`; torch records none there."""

    def free_memory(self) -> float | None:
        """As of `Device`: its memory is the host's."""
        return None

    def limit_memory(self, most: float) -> None:
        """As of `Device`; nothing does."""
        raise no_limit(self.name, most)

    def capture(self, step: Step) -> Step:
        """Not there."""
        raise NotImplementedError(NO_GRAPH)

    def copy_of(self, *_tensors: torch.Tensor) -> None:
        """None: it has the host's memory, and none that is pinned."""

    def describe(self) -> dict[str, Any]:
        """That it is there, and how its steps are timed."""
        return {
            "gpu": f"Apple GPU ({platform.processor() or platform.machine()})",
            "gpu_timing": "each step waited for",
        }
