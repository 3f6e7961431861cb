"""Device: where a cell runs. Each kind has a module here, and a line in `DEVICES`; nobody else asks what kind it is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bench.devices.cpu import CpuDevice
from bench.devices.cuda import CudaDevice
from bench.devices.interface import Device, Step
from bench.devices.mps import MpsDevice
from bench.devices.precision import compute_in
from bench.devices.prefault import own_pages
from bench.devices.xpu import XpuDevice
from bench.errors import BenchError, message_of
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.compiled import is_compiled
from bench.plan.precision import words_of

__all__ = [
    "DEVICES",
    "CpuDevice",
    "Device",
    "Step",
    "available",
    "device_for",
    "device_in_use",
    "is_name",
    "is_out_of_memory",
    "name_in_use",
    "open_device",
    "random_numbers_kept",
    "unsupported_on",
]

DEVICES: dict[str, type[Device]] = {  # by kind
    "cpu": CpuDevice,
    "cuda": CudaDevice,
    "xpu": XpuDevice,
    "mps": MpsDevice,
}
_OUT_OF_MEMORY = ("allocate memory", "out of memory", "alloc_failed")  # as torch, CUDA and its libraries say it
_AT_A_LOSS = ("cudnn_status_internal_error", "cudnn_status_not_initialized", "cublas_status_not_initialized")


def open_device(name: str) -> Device:
    """The device of that name: a kind, such as "cpu" or "cuda" (the first), or a kind with a number, "cuda:N".

    Raises:
        BenchError: there is no such kind.

    """
    if not is_name(name):
        raise BenchError(f"no device '{name}': choose among the kinds {', '.join(DEVICES)} (--devices)")
    kind, _, number = name.partition(":")
    return DEVICES[kind](int(number or 0))


def is_name(name: str) -> bool:
    """Whether a device of a kind that is known may be called so, here or elsewhere."""
    kind, colon, number = name.partition(":")
    known = DEVICES.get(kind)
    return known is not None and (not colon or (known.facts.numbered and number.isascii() and number.isdigit()))


def device_for(cell: Cell) -> Device:
    """The cell's device, and this process set up as the cell has it: threads, denormals, products of float32.

    To be called before any operator runs: a thread of the pool takes the processor's mode from the one that starts it.
    """
    torch.set_flush_denormal(cell.denormals == "flush")
    torch.set_num_threads(cell.threads)
    if not DEVICES[cell.device.partition(":")[0]].facts.on_host:
        own_pages()  # the host's part of a step is timed too; a driver's own mappings, which come later, are left alone
    device = open_device(cell.device)
    compute_in(device, cell.fp32_precision)
    return device


def device_in_use() -> Device:
    """The device that this process has been working on: another one than the host's processor where there is one."""
    return open_device(name_in_use())


def name_in_use() -> str:
    """Its name; none is opened."""
    return next(name for kind in reversed(DEVICES.values()) if (name := kind.in_use()))


@contextmanager
def random_numbers_kept(name: str) -> Iterator[None]:
    """At the end of the block the host's random numbers, and those of that kind of device, are where they were.

    So is the device that is the current one.
    """
    kind = name.partition(":")[0]
    if DEVICES[kind].facts.on_host or not torch.accelerator.is_available():
        with torch.random.fork_rng(devices=[]):
            yield
        return
    current, count = torch.accelerator.current_device_index(), torch.accelerator.device_count()
    try:
        with torch.random.fork_rng(devices=range(count), device_type=torch.device(kind).type):
            yield
    finally:
        torch.accelerator.set_device_index(current)


def available() -> dict[str, DeviceFacts]:
    """Each usable device by name, with what it cannot do and why.

    Initializes what is there: never call it in a process that forks.
    """
    return {name: facts for kind in DEVICES.values() for name, facts in kind.available().items()}


def unsupported_on(cell: Cell) -> str | None:
    """Why there is no such device here, or why it cannot run the cell; None where it can."""
    kind, colon, _ = cell.device.partition(":")
    if kind in DEVICES and DEVICES[kind].facts.on_host and _is_plain(cell):
        return None  # every host can; to ask for the rest changes the mode of its arithmetic for a moment
    usable = DEVICES[kind].available() if kind in DEVICES else {}
    name = cell.device if colon else next(iter(usable), cell.device)
    if name not in usable:
        return f"no device '{cell.device}' here: there is {', '.join(available())}"
    unsupported = usable[name].unsupported
    return next((unsupported[word] for word in words_of(cell) if word in unsupported), None)


def _is_plain(cell: Cell) -> bool:
    return (cell.mode, cell.dtype) == ("eager", "float32") and not is_compiled(cell)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, on the host or on a device.

    Libraries that find no room for their own handles say that something went wrong; then the device itself is asked.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    text = message_of(error).lower()
    if any(words in text for words in _OUT_OF_MEMORY):
        return True
    return any(words in text for words in _AT_A_LOSS) and any(kind.is_full() for kind in DEVICES.values())
