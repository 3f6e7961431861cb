"""What the hardware tells of a device here: which counters tell its energy, or why none does; its GPU's driver."""

from collections.abc import Sequence

from bench.counters.energy import Counter, EnergyMeter, NoEnergyError
from bench.counters.nvml import Gpu, NoGpuError, open_gpu
from bench.counters.rapl import zones
from bench.devices import Device
from bench.devices.pci import address_of
from bench.machine import procfs
from bench.store.warning import Warning


def meter_of(device: Device) -> EnergyMeter:
    """A meter of what the device draws: of a CPU packages and memory, of a GPU its board.

    Raises:
        NoEnergyError: nothing here tells.

    """
    return EnergyMeter(_counters(device))


def why_none(device: Device) -> str:
    """Why nothing tells the energy of the device; "" where it can be told."""
    try:
        meter_of(device)
    except NoEnergyError as error:
        return str(error)
    return ""


def gpu_of(device: Device) -> Gpu | None:
    """The device as NVIDIA's driver sees it; None for the host's processor, and where no such driver tells of it."""
    address = None if device.facts.on_host else address_of(device.torch_device)
    try:
        return open_gpu(address) if address else None
    except NoGpuError:
        return None


def no_energy(reason: object) -> Warning:
    """That a result has no energy, although it was asked for."""
    return Warning("timing", "no energy", None, f"no energy is told: {reason}")


def _counters(device: Device) -> Sequence[Counter]:
    if device.facts.on_host:
        return zones(virtual=procfs.virtualization())
    address = address_of(device.torch_device)
    if address is None:
        raise NoEnergyError(f"torch does not say where {device.name} is, and so no driver can be asked")
    try:
        return (open_gpu(address),)
    except NoGpuError as error:
        raise NoEnergyError(str(error)) from error
