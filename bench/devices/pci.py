"""PCI: where a device is on the bus, which is how the driver's own library knows it."""

from typing import Any

import torch


def address_of(device: torch.device) -> str | None:
    """Domain, bus, device and function, such as "00000000:3B:00.0"; None where torch does not tell."""
    return place_of(getattr(torch.get_device_module(device), "get_device_properties", lambda _: None)(device))


def place_of(properties: Any) -> str | None:
    """The same of a device's properties as torch has them: of a part of a GPU that was divided, the whole."""
    domain, bus, number = (getattr(properties, f"pci_{part}_id", None) for part in ("domain", "bus", "device"))
    if domain is None or bus is None or number is None:
        return None
    return f"{domain:08X}:{bus:02X}:{number:02X}.0"
