"""Precision: in which arithmetic a device computes products of float32 numbers, by kind of operator, for a process."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from bench.devices.interface import Device

EDGE = 256  # of the matrices that show in which arithmetic they are multiplied
NARROW = 1e-5  # relative error beyond that of any float32 kernel, and far below that of tf32 and bf16
_own: dict[str, Mapping[str, str]] = {}  # by kind of device, what torch has by itself, once a cell has asked for more


def compute_in(device: Device, wanted: str) -> None:
    """Have all products of this process computed as a cell's `fp32_precision` says; "default" leaves them to torch."""
    if wanted == "default":
        return
    _own.setdefault(device.facts.kind, flags_of(device))
    operator, _, arithmetic = wanted.rpartition("_")
    _put(device, {name: arithmetic if operator in ("", name) else "ieee" for name in device.fp32_flags})


def flags_of(device: Device) -> dict[str, str]:
    """The arithmetic of each kind of operator now, in torch's words."""
    return {name: str(flag.fp32_precision) for name, flag in device.fp32_flags.items()}


def precision_of_products() -> str:
    """Torch's one word for all products of float32, without what torch 2.9 has to say about its being asked.

    Raises:
        RuntimeError: single operators were set.

    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*new API settings")
        return torch.get_float32_matmul_precision()


@contextmanager
def torchs_own(device: Device) -> Iterator[None]:
    """Within the block products are computed as torch does by itself, whatever the cell asks for."""
    now = flags_of(device)
    _put(device, _own.get(device.facts.kind, now))
    try:
        yield
    finally:
        _put(device, now)


def is_narrow(device: Device, arithmetic: str) -> bool:
    """Whether the device multiplies matrices of float32 in this arithmetic when it is told to: by what comes out."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.rand(EDGE, EDGE, generator=generator).sub(0.5).to(device.torch_device) for _ in range(2))
    truth, now = left.double() @ right.double(), flags_of(device)
    try:
        _put(device, {"matmul": arithmetic})
        product = (left @ right).double()
    except RuntimeError:  # a backend that does not know the word
        return False
    finally:
        _put(device, now)
    return bool((product - truth).norm() / truth.norm() > NARROW)


def _put(device: Device, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if device.fp32_flags[name].fp32_precision != value:
            device.fp32_flags[name].fp32_precision = value
