"""Accelerator: one class over torch.accelerator for CUDA, ROCm and XPU: work is queued, and timed by events in it."""

import gc
import os
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import torch

from bench.devices.allocations import of_caching
from bench.devices.interface import EAGER_FIRST, AllocatorEvent, Clock, MarkedStep, Step, no_limit
from bench.plan.catalogue import DeviceFacts

# What was timed how is part of a device's identity: times by another way of marking are not comparable.
TIMING = "events at both ends of a step"


class EventClock:
    """Events in one stream, all of them made before the first is recorded; read after the block: the device's own time.

    An event is made when it is first recorded, which takes time, and so does asking for the stream: neither is done
    within a step.

    Args:
        pool: events that were made already; further ones are added, and stay for the next clock.
        device: of the events.
        marks: how many marks are foreseen.

    """

    def __init__(self, pool: list[torch.Event], device: torch.device, marks: int) -> None:
        self._pool, self._device = pool, device
        self._stream = torch.accelerator.current_stream(device)
        self._used = 0
        while len(pool) < marks:
            self._add().record(self._stream)

    def mark(self) -> None:
        """Record the next event in the stream; steps that mark more often than foreseen get further events."""
        if self._used == len(self._pool):
            self._add()
        self._pool[self._used].record(self._stream)
        self._used += 1

    def seconds(self) -> list[float]:
        """Seconds between successive events; to be read before another clock of the same device marks anything."""
        return [start.elapsed_time(end) * 1e-3 for start, end in pairwise(self._pool[: self._used])]

    def _add(self) -> torch.Event:
        self._pool.append(torch.Event(self._device, enable_timing=True))
        return self._pool[-1]


class Accelerator:
    """One device of the accelerator that this build of torch has; a kind states its facts and describes itself."""

    facts: DeviceFacts
    fp32_flags: Mapping[str, Any] = MappingProxyType({})  # none of them, unless a kind has some

    def __init__(self, index: int = 0) -> None:
        self.name, self.index = f"{self.facts.kind}:{index}", index
        self.torch_device = torch.device(self.facts.kind, index)
        torch.accelerator.set_device_index(self.torch_device)
        self._events: list[torch.Event] = []

    @classmethod
    def available(cls) -> Mapping[str, DeviceFacts]:
        """Each of them by name, with what it cannot do and why. Initializes the accelerator."""
        there = torch.accelerator.current_accelerator(check_available=True)
        count = torch.accelerator.device_count() if there is not None and there.type == cls.facts.kind else 0
        return {f"{cls.facts.kind}:{index}": cls.facts_of(index) for index in range(count)}

    @classmethod
    def absence(cls) -> str:
        """As of `Device`."""
        if cls.available():
            return ""
        built = torch.accelerator.current_accelerator()
        if built is None or built.type != cls.facts.kind:
            return f"this torch ({torch.__version__}) is not built for it"
        return f"torch {torch.__version__} finds none that it can use: no device, no driver, or one too old for it"

    @classmethod
    def facts_of(cls, index: int) -> DeviceFacts:
        """The facts of one of them."""
        raise NotImplementedError

    @classmethod
    def in_use(cls) -> str | None:
        """The one on which this process has held memory, of several the most."""
        if not torch.get_device_module(cls.facts.kind).is_initialized():
            return None
        held = [torch.accelerator.max_memory_allocated(at) for at in range(torch.accelerator.device_count())]
        return f"{cls.facts.kind}:{held.index(max(held))}" if any(held) else None

    @classmethod
    def is_full(cls) -> bool:
        """Whether the current device has hardly any memory left, for the driver or for libraries' own handles."""
        return False

    def synchronize(self) -> None:
        """Wait for the device."""
        torch.accelerator.synchronize(self.torch_device)

    def clock(self, marks: int) -> Clock:
        """A clock of events that are used again for each block."""
        return EventClock(self._events, self.torch_device, marks)

    def settle_memory(self) -> None:
        """Nothing: the caching allocator keeps what the warm-up took."""

    def peak_memory(self, work: Step) -> dict[str, float]:
        """Peak of the caching allocator during `work` above the floor: allocated, and reserved from the driver.

        Empty where the allocator keeps no such counts.
        """
        work()
        gc.collect()
        torch.accelerator.empty_cache()
        torch.accelerator.reset_peak_memory_stats(self.torch_device)
        floors = [
            count(self.torch_device)
            for count in (torch.accelerator.memory_allocated, torch.accelerator.memory_reserved)
        ]
        work()
        self.synchronize()
        peaks = [torch.accelerator.max_memory_allocated, torch.accelerator.max_memory_reserved]
        if not peaks[0](self.torch_device):
            return {}
        names = ("peak_memory", "peak_memory_reserved")
        return {
            name: float(peak(self.torch_device) - floor) for name, peak, floor in zip(names, peaks, floors, strict=True)
        }

    def allocations(self, work: MarkedStep) -> list[AllocatorEvent] | None:
        """As of `Device`, by the caching allocator's own history; None where a torch keeps none for the kind."""
        memory = torch.get_device_module(self.facts.kind).memory
        return of_caching(memory, self.index, work) if hasattr(memory, "_record_memory_history") else None

    def free_memory(self) -> float | None:
        """As of `Device`; nothing tells, unless a kind knows better."""
        return None

    def limit_memory(self, most: float) -> None:
        """As of `Device`; nothing does, unless a kind knows better."""
        raise no_limit(self.name, most)

    def capture(self, step: Step) -> Step:
        """As of `Device`; all of it in a stream of its own, which what autograd keeps of the first calls belongs to."""
        return Recorded(self, step)

    def record(self, step: Step, stream: torch.Stream) -> Step:
        """The step recorded in that stream, not carried out; what is returned replays it."""
        graph = torch.accelerator.Graph()
        with stream, graph:
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

    def describe(self) -> dict[str, Any]:
        """As of `Device`."""
        raise NotImplementedError


class Recorded:
    """A step that is carried out as it is at first, then recorded as a graph, and replayed from then on.

    Each call is one step, the one that records too: recording itself carries nothing out.
    """

    def __init__(self, device: Accelerator, step: Step) -> None:
        self._device, self._step = device, step
        self._stream = torch.Stream(device.torch_device)
        self._calls = 0
        self._replay: Step | None = None

    def __call__(self) -> None:
        """One step."""
        self._calls += 1
        if self._replay is None and self._calls <= EAGER_FIRST:
            self._beside(self._step)
            return
        if self._replay is None:
            self._replay = self._device.record(self._step, self._stream)
        self._replay()

    def _beside(self, step: Step) -> None:
        """The step in the stream of its own, after what was given to the current one and before what comes then."""
        current = torch.accelerator.current_stream(self._device.torch_device)
        self._stream.wait_stream(current)
        with self._stream:
            step()
        current.wait_stream(self._stream)


def no_compiler() -> str | None:
    """What torch.compile lacks here for a GPU: Triton, or the C compiler that builds the launchers of its kernels."""
    if find_spec("triton") is None:
        return "torch.compile needs Triton for a GPU, and there is none: pip install triton"
    wanted = [os.environ["CC"]] if os.environ.get("CC") else ["gcc", "clang", "cc"]
    if not any(map(shutil.which, wanted)):
        return f"torch.compile needs a C compiler, and there is no {wanted[0]}"
    return None
