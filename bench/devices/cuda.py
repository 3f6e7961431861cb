"""CUDA: a GPU as a device. The only module that speaks of torch.cuda."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch

from bench.devices.interface import Clock, MarkedStep, Step, reasons
from bench.devices.nvidia import driver_facts
from bench.plan.catalogue import DeviceFacts


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

    facts = DeviceFacts(
        "cuda",
        numbered=True,
        collective="nccl",
        exact_memory=("peak_memory",),  # the allocator counts what it hands out
        profiler_activity="CUDA",
        identity=("gpu", "gpu_multiprocessors", "gpu_memory", "gpu_driver", "cuda", "cudnn"),
    )

    fp32_flags: Mapping[str, Any] = {
        "matmul": torch.backends.cuda.matmul,
        **{name: getattr(torch.backends.cudnn, name) for name in ("conv", "rnn")},
    }

    def __init__(self, index: int = 0) -> None:
        self.name = f"cuda:{index}"
        self.torch_device = torch.device("cuda", index)
        torch.cuda.set_device(self.torch_device)

    @classmethod
    def available(cls) -> Mapping[str, DeviceFacts]:
        """Each of them by name, with what it cannot do and why. Initializes CUDA."""
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return {f"cuda:{index}": cls._facts_of(index) for index in range(count)}

    @classmethod
    def in_use(cls) -> str | None:
        """The one on which this process has held memory, of several the most."""
        if not torch.cuda.is_initialized():
            return None
        held = [torch.cuda.max_memory_allocated(index) for index in range(torch.cuda.device_count())]
        return f"cuda:{held.index(max(held))}" if any(held) else None

    @classmethod
    def _facts_of(cls, index: int) -> DeviceFacts:
        major, minor = torch.cuda.get_device_capability(index)
        old = None if major >= 7 else f"torch.compile needs compute capability 7.0, this device has {major}.{minor}"
        narrow = None if torch.cuda.is_bf16_supported() else "this device has no bfloat16"
        coarse = None if major >= 8 else f"tf32 needs compute capability 8.0, this device has {major}.{minor}"
        none = "CUDA computes products of float32 in ieee or tf32"
        unsupported = reasons({"compile": old, "bfloat16": narrow, "tf32": coarse, "bf16": none})
        return replace(cls.facts, unsupported=unsupported, model=torch.cuda.get_device_name(index))

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

    def free_memory(self) -> float | None:
        """What the driver has free, whoever holds the rest."""
        return float(torch.cuda.mem_get_info(self.torch_device)[0])

    def limit_memory(self, most: float) -> None:
        """Hold the caching allocator to so much more than it has reserved."""
        gc.collect()
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(self.torch_device).total_memory
        share = (torch.cuda.memory_reserved(self.torch_device) + most) / total
        torch.cuda.set_per_process_memory_fraction(min(1.0, share), self.torch_device)

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

    def describe(self) -> dict[str, Any]:
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
