"""XPU: Intel's GPUs as devices. The only module that speaks of torch.xpu."""

from dataclasses import replace
from typing import Any

import torch

from bench.devices.accelerator import TIMING, Accelerator, no_compiler
from bench.devices.interface import NO_CUDA_GRAPHS, no_arithmetic, reasons
from bench.plan.catalogue import DeviceFacts


class XpuDevice(Accelerator):
    """One GPU of Intel's."""

    facts = DeviceFacts(
        "xpu",
        numbered=True,
        queued=True,
        collective="xccl",
        profiler_activity="XPU",
        identity=("gpu", "gpu_units", "gpu_memory", "gpu_driver", "gpu_timing"),
    )

    @classmethod
    def facts_of(cls, index: int) -> DeviceFacts:
        """The facts of one of them."""
        graphs = None if hasattr(torch.accelerator, "Graph") else "a captured step needs torch 2.14 on an XPU"
        narrow = None if torch.xpu.is_bf16_supported(including_emulation=False) else "this device has no bfloat16"
        own = {"compile": no_compiler(), "cuda_graph": graphs, "bfloat16": narrow, **NO_CUDA_GRAPHS}
        unsupported = reasons({**own, **no_arithmetic("an XPU")})
        return replace(cls.facts, unsupported=unsupported, model=torch.xpu.get_device_name(index))

    def describe(self) -> dict[str, Any]:
        """Name, size and driver."""
        properties = torch.xpu.get_device_properties(self.torch_device)
        return {
            "gpu": properties.name,
            "gpu_memory": properties.total_memory,
            "gpu_units": properties.max_compute_units,
            "gpu_driver": properties.driver_version,
            "gpu_timing": TIMING,
        }
