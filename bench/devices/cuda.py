"""CUDA: NVIDIA's GPUs, and AMD's, which torch calls by the same name. The only module that speaks of torch.cuda."""

import gc
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from bench.devices import nvidia
from bench.devices.accelerator import TIMING, Accelerator, no_compiler
from bench.devices.interface import Step, reasons
from bench.devices.pci import place_of
from bench.plan.catalogue import DeviceFacts

OLDEST_COMPILED = (7, 0)  # of the compute capabilities that Triton makes kernels for
OLDEST_BFLOAT16 = (8, 0)  # older ones compute in it by emulation
OLDEST_TF32 = (8, 0)
FULL = 64 * 2**20  # bytes: the handle and the workspace of a library take as much


class CudaDevice(Accelerator):
    """One GPU of NVIDIA's, or of AMD's by ROCm."""

    facts = DeviceFacts(
        "cuda",
        numbered=True,
        queued=True,
        collective="nccl",
        exact_memory=("peak_memory",),  # the allocator counts what it hands out
        profiler_activity="CUDA",
        identity=(
            "gpu",
            "gpu_multiprocessors",
            "gpu_memory",
            "gpu_driver",
            "gpu_float32",
            "gpu_timing",
            "cuda",
            "rocm",
            "cudnn",
        ),
    )

    fp32_flags: Mapping[str, Any] = {
        "matmul": torch.backends.cuda.matmul,
        **{name: getattr(torch.backends.cudnn, name) for name in ("conv", "rnn")},
    }

    @classmethod
    def facts_of(cls, index: int) -> DeviceFacts:
        """The facts of one of them; neither a context nor a tensor is made to find out."""
        unsupported = {
            "eager": _no_kernels(index),
            "bfloat16": _emulated(index),
            "compile": _uncompiled(index),
            "tf32": _no_tf32(index),
            "bf16": "CUDA computes products of float32 in ieee or tf32",
        }
        return replace(cls.facts, unsupported=reasons(unsupported), model=torch.cuda.get_device_name(index))

    @classmethod
    def is_full(cls) -> bool:
        """As of `Accelerator`."""
        if not torch.cuda.is_initialized():
            return False
        with suppress(RuntimeError):  # an error that stays, after which no call works in this process
            return torch.cuda.mem_get_info()[0] < FULL
        return False

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

    def record(self, step: Step, stream: torch.Stream) -> Step:
        """As of `Accelerator`, also by a torch that has no graphs of accelerators yet (before 2.14)."""
        if hasattr(torch.accelerator, "Graph"):
            return super().record(step, stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):  # type: ignore[arg-type] # it asks of a stream what any has
            step()
        return graph.replay

    def describe(self) -> dict[str, Any]:
        """Name, size, software and precision; clocks and what held them down are absent where the driver tells none."""
        properties = torch.cuda.get_device_properties(self.torch_device)
        place = place_of(properties)
        facts: dict[str, Any] = {
            "gpu": properties.name,
            "gpu_memory": properties.total_memory,
            "gpu_multiprocessors": properties.multi_processor_count,
            "gpu_cache": getattr(properties, "L2_cache_size", None),
            "gpu_arch": getattr(properties, "gcnArchName", None) if torch.version.hip else None,
            "gpu_uuid": _text(getattr(properties, "uuid", None)),
            "gpu_pci": place,
            "gpu_float32": _float32(),
            "gpu_timing": TIMING,
            "cuda": torch.version.cuda,
            "rocm": torch.version.hip,
            "cudnn": _cudnn(),
        }
        clocks = nvidia.driver_facts(place) if place and not torch.version.hip else {}
        return {name: fact for name, fact in {**facts, **clocks}.items() if fact is not None}


def _capability(index: int) -> tuple[int, int]:
    major, minor = torch.cuda.get_device_capability(index)
    return major, minor


def _no_kernels(index: int) -> str | None:
    """Why nothing runs there: this build of torch has kernels for other GPUs alone."""
    if torch.version.hip:
        return None
    capability, built = _capability(index), torch.cuda.get_arch_list()
    if not built or any(_runs(name, capability) for name in built):
        return None
    return f"this torch has no kernels for compute capability {_dotted(capability)} (it has {', '.join(built)})"


def _runs(built: str, capability: tuple[int, int]) -> bool:
    """Whether code for "sm_86" or "compute_90" runs: machine code within its major number, PTX on all later ones."""
    match = re.fullmatch(r"(sm|compute)_(\d+)(\d)[a-z]?", built)
    if match is None:
        return True
    major, minor = int(match[2]), int(match[3])
    newer = (major, minor) <= capability
    return newer and (match[1] == "compute" or major == capability[0])


def _emulated(index: int) -> str | None:
    if torch.version.hip or _capability(index) >= OLDEST_BFLOAT16:
        return None
    return f"this device (compute capability {_dotted(_capability(index))}) computes in bfloat16 by emulation alone"


def _no_tf32(index: int) -> str | None:
    if torch.version.hip or _capability(index) >= OLDEST_TF32:
        return None
    least, own = map(_dotted, (OLDEST_TF32, _capability(index)))
    return f"tf32 needs compute capability {least}, this device has {own}"


def _uncompiled(index: int) -> str | None:
    if not torch.version.hip and _capability(index) < OLDEST_COMPILED:
        least, own = map(_dotted, (OLDEST_COMPILED, _capability(index)))
        return f"torch.compile needs compute capability {least}, this device has {own}"
    return no_compiler()


def _dotted(capability: tuple[int, int]) -> str:
    return ".".join(map(str, capability))


def _cudnn() -> int | None:
    """The version of cuDNN, which torch refuses to tell beside a GPU too old for it; then None."""
    with suppress(RuntimeError):
        version: int | None = torch.backends.cudnn.version()
        return version
    return None


def _float32() -> dict[str, str]:
    """In what float32 is computed: "ieee", "tf32", or "none" where each operator has its default."""
    kinds = {"products": (torch.backends.cuda, "matmul"), "convolutions": (torch.backends.cudnn, "conv")}
    return {name: str(getattr(library, kind).fp32_precision) for name, (library, kind) in kinds.items()}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
