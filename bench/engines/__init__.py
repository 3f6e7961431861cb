"""Engines: by what a trained net answers. One is added by a row here, and its word in bench/vocabulary.py."""

import importlib.util
import platform
from collections.abc import Mapping

from bench.engines import exported, quantized, weights
from bench.engines.interface import Answer, Build, Engine
from bench.plan.catalogue import DeviceFacts

__all__ = ["ENGINES", "INSTALL", "Answer", "Build", "Engine", "why_not"]

INSTALL = "pip install 'torch-architecture-bench[quantization]'"
_X86 = ("x86_64", "amd64")

# A bound on what is wrong, not on what is good: a few units in the last place add up in deep nets, bfloat16 has three
# digits, and int8 two, of which nets that were never trained lose more.
ENGINES: Mapping[str, Engine] = {
    "eager": Engine(
        description="the net, called as in training; it records what a backward pass would need",
        file="weights.pt", tolerance=1e-5, save=weights.save, load=weights.eager,
    ),
    "inference_mode": Engine(
        description="the same under torch.inference_mode()",
        file="weights.pt", tolerance=1e-5, save=weights.save, load=weights.inference_mode,
    ),
    "bfloat16": Engine(
        description="the whole net in bfloat16, under inference_mode",
        file="weights.pt", tolerance=0.1, save=weights.save_narrow, load=weights.bfloat16,
    ),
    "compile": Engine(
        description="torch.compile, for each batch size by itself",
        file="weights.pt", tolerance=1e-3, save=weights.save, load=weights.compiled,
        compiles=True, compiles_at_start=True,
    ),
    "freezing": Engine(
        description="torch.compile with the weights as constants",
        file="weights.pt", tolerance=1e-3, save=weights.save, load=weights.frozen,
        compiles=True, compiles_at_start=True,
    ),
    "aot_inductor": Engine(
        description="torch.export and AOTInductor: machine code that was compiled ahead of time",
        file="net.pt2", tolerance=1e-3, save=exported.save_package, load=exported.load_package, compiles=True,
    ),
    "dynamic_int8": Engine(
        description="convolutions and linear layers in int8, what flows into them scaled anew for each batch (torchao)",
        file="net.pt2", tolerance=0.25, save=quantized.save_dynamic, load=quantized.load,
        compiles=True, compiles_at_start=True, package="torchao", kinds=("cpu",),
    ),
    "static_int8": Engine(
        description="the same, scaled by what training images show (torchao)",
        file="net.pt2", tolerance=0.25, save=quantized.save_static, load=quantized.load,
        compiles=True, compiles_at_start=True, package="torchao", kinds=("cpu",),
    ),
}  # fmt: skip


def why_not(name: str, device: DeviceFacts) -> str | None:
    """Why the engine cannot answer on such a device here, or None where it can."""
    engine = ENGINES[name]
    if engine.kinds and device.kind not in engine.kinds:
        return f"{name} answers on {' and '.join(engine.kinds)} alone"
    if engine.package and platform.machine().lower() not in _X86:
        return f"{name} is of x86 processors, and this one is {platform.machine() or 'unknown'}"
    if engine.package and importlib.util.find_spec(engine.package) is None:
        return f"{name} needs {engine.package}, which is not installed: {INSTALL}"
    return device.unsupported.get("compile") if engine.compiles else None
