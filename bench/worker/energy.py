"""Energy: which counters tell that of a device here, or why none does."""

from collections.abc import Sequence

from bench.counters.energy import Counter, EnergyMeter, NoEnergyError
from bench.counters.nvml import NoGpuError
from bench.counters.rapl import zones
from bench.devices import Device
from bench.machine import procfs
from bench.store.warning import Warning
from bench.worker.gpu import opened_gpu


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


def no_energy(reason: object) -> Warning:
    """That a result has no energy, although it was asked for."""
    return Warning("timing", "no energy", None, f"no energy is told: {reason}")


def _counters(device: Device) -> Sequence[Counter]:
    if device.facts.on_host:
        return zones(virtual=procfs.virtualization())
    try:
        return (opened_gpu(device),)
    except NoGpuError as error:
        raise NoEnergyError(str(error)) from error
