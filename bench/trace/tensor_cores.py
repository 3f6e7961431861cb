"""Tensor cores: which kernels compute on them, as their names say; nothing in a trace tells it otherwise."""

import re
from collections.abc import Sequence

# Names of cuBLAS, cuDNN and CUTLASS: their instructions (HMMA, IMMA, WGMMA) and the shapes that these have, and what
# says that plain multipliers are used instead.
_SHAPES = r"(?<!\d)(884|1688|16816|16832|8816)(?=gemm|_|fprop|dgrad|wgrad|$)"
_ON_THEM = re.compile(rf"nvjet|tensorop|xmma|[hiw]mma|wgmma|flash_(fwd|bwd)|{_SHAPES}", re.IGNORECASE)
_NOT_ON_THEM = re.compile(r"ffma|dfma|simt", re.IGNORECASE)


def on_tensor_cores(kernel: str) -> bool:
    """Whether a kernel of this name computes on tensor cores."""
    return bool(_ON_THEM.search(kernel)) and not _NOT_ON_THEM.search(kernel)


def share_on_tensor_cores(kernels: Sequence[tuple[str, float]]) -> float:
    """The share of these kernels' seconds, by name and seconds, in those on tensor cores; 0 where there are none."""
    total = sum(seconds for _, seconds in kernels)
    return sum(seconds for name, seconds in kernels if on_tensor_cores(name)) / total if total else 0.0
