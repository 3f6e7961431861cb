"""GPU: a device of a worker as NVIDIA's driver sees it, and what held it down."""

from collections.abc import Sequence

from bench.counters.nvml import Gpu, NoGpuError, open_gpu
from bench.devices import Device
from bench.devices.pci import address_of
from bench.measure.watch import Watch


def opened_gpu(device: Device) -> Gpu:
    """The device, which is not the host's processor.

    Raises:
        NoGpuError: torch does not say where it is, or no such driver tells of it.

    """
    address = address_of(device.torch_device)
    if address is None:
        raise NoGpuError(f"torch does not say where {device.name} is, and so no driver can be asked")
    return open_gpu(address)


def gpu_of(device: Device) -> Gpu | None:
    """The same; None for the host's processor too."""
    try:
        return None if device.facts.on_host else opened_gpu(device)
    except NoGpuError:
        return None


def throttles_of(device: Device, watch: Watch) -> Sequence[str]:
    """What holds the device down now, by its own facts; nothing where the watch reads that around each block."""
    throttles: Sequence[str] = () if watch.gpu else device.describe().get("gpu_throttle", ())
    return throttles
