"""System: the hardware and software that decide a time, read once per worker before anything is measured."""

import os
import platform
import sys
from collections.abc import Callable
from typing import Any

import torch

from bench import __version__
from bench.devices import Device
from bench.devices.cpu import denormals_flushed
from bench.devices.precision import flags_of, precision_of_products, torchs_own
from bench.machine import procfs
from bench.measure.threads import openmp_settings

# Variables that decide what torch and its libraries do in a step, beside those of OpenMP and of the system's allocator.
DECIDING = (
    "CUBLASLT_WORKSPACE_SIZE",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_MAX_CONNECTIONS",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "NVIDIA_TF32_OVERRIDE",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_HIP_ALLOC_CONF",
    "PYTORCH_NO_CUDA_MEMORY_CACHING",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)
INDUCTOR, ITS_FOLDER = "TORCHINDUCTOR_", "TORCHINDUCTOR_CACHE_DIR"  # all of its settings but where it keeps its files

usable_cores, cpu_model = procfs.usable_cores, procfs.cpu_model


def describe_system(device: Device) -> dict[str, Any]:
    """Plain facts; what this machine does not tell is absent."""
    with torchs_own(device):  # so that cells which ask for other products have times that compare
        precision, own = _precision(), device.describe()
    facts: dict[str, Any] = {
        "cpu": cpu_model(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "cores_usable": usable_cores(),
        "affinity": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpu_quota": procfs.cgroup_quota(),
        "virtualization": procfs.virtualization(),
        "governor": procfs.governor(),
        "memory": _memory(),
        "os": platform.platform(terse=True),
        "arch": platform.machine(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # plain text: as torch's own type it would have the parent import torch
        "bench": __version__,
        "allocator": allocator(),
        "openmp": openmp_settings() or None,  # the variables that place its threads
        "environment": deciding_variables() or None,
        "start_method": os.environ.get("BENCH_START_METHOD"),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "precision": precision,
        "fp32_precision": flags_of(device),
        "identity": list(device.facts.identity) or None,
        **own,
    }
    return {key: value for key, value in facts.items() if value is not None}


def deciding_variables() -> dict[str, str]:
    """Those of the variables that are set, by name."""
    settings = (name for name in os.environ if name.startswith(INDUCTOR) and name != ITS_FOLDER)
    return {name: os.environ[name] for name in sorted((*DECIDING, *settings)) if os.environ.get(name)}


def _told(setting: Callable[[], Any]) -> Any:
    """The value of a setting that holds for all operators; torch refuses to tell it where single ones were set."""
    try:
        return setting()
    except RuntimeError:
        return "by operator"


def _precision() -> dict[str, Any]:
    return {
        "matmul": _told(precision_of_products),
        "tf32": _told(lambda: torch.backends.cudnn.allow_tf32),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "flush_denormal": denormals_flushed(),
    }


def allocator() -> str:
    """Whether large blocks stay in the process: glibc reads these settings once, when the process starts."""
    if (other := procfs.preloaded()) is not None:
        return other
    if platform.libc_ver()[0] != "glibc":
        return f"the system's own ({sys.platform})"
    return "glibc, pinned" if os.environ.get("MALLOC_MMAP_THRESHOLD_") else "glibc, not pinned"


def _memory() -> int | None:
    """Bytes of physical memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
