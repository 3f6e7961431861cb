"""NVIDIA's driver: what it tells of a GPU's clocks, its throttling and its other users, asked through nvidia-smi."""

import re
import subprocess
from pathlib import Path
from typing import Any

from bench.counters.gpu import THROTTLES

_FIELDS = "clocks.sm,clocks.max.sm,clocks_throttle_reasons.active,persistence_mode,temperature.gpu,utilization.gpu"
_VERSION = Path("/proc/driver/nvidia/version")


def driver_facts(pci: str) -> dict[str, Any]:
    """The facts of the GPU at that place of the bus; what neither the driver's file nor nvidia-smi tells is absent.

    A GPU that was divided is asked for as a whole, since nvidia-smi knows its parts by no number of torch's. The
    version decides which runs are comparable, and so hangs on no field that a driver may not know.
    """
    version = _version() or _asked(pci, "driver_version").strip()
    known = {"gpu_driver": version} if version[:1].isdigit() else {}
    return {**parse(_asked(pci, _FIELDS)), **known}


def _version() -> str:
    """The driver's version as its own file has it; "" without one."""
    try:
        match = re.search(r"Kernel Module.*?\s(\d+\.\d[\d.]*)\s", _VERSION.read_text("utf-8", "replace"))
    except OSError:
        return ""
    return match[1] if match else ""


def _asked(pci: str, fields: str) -> str:
    """What nvidia-smi says of these fields; "" where there is none, or it does not answer."""
    command = ["nvidia-smi", f"--id={pci}", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def parse(line: str) -> dict[str, Any]:
    """The facts in one line of its answer; a field it does not know, such as "[N/A]", is left out."""
    clock, most, throttle, persistence, temperature, busy = ([*line.strip().split(", "), *[""] * 6])[:6]
    facts: dict[str, Any] = {
        "gpu_clock_mhz": _number(clock),
        "gpu_clock_max_mhz": _number(most),
        "gpu_temperature": _number(temperature),
        "gpu_busy": None if (share := _number(busy)) is None else share / 100,
        "gpu_persistence": {"Enabled": True, "Disabled": False}.get(persistence),
    }
    if throttle.startswith("0x"):
        facts["gpu_throttle"] = [name for bit, name in THROTTLES.items() if int(throttle, 16) & bit]
    return {name: fact for name, fact in facts.items() if fact is not None}


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
