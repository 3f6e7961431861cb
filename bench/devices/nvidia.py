"""NVIDIA's driver: what it tells of a GPU's clocks, its throttling and its other users, asked through nvidia-smi."""

import subprocess
from typing import Any

from bench.counters.gpu import THROTTLES

_FIELDS = (
    "clocks.sm,clocks.max.sm,clocks_throttle_reasons.active,persistence_mode,temperature.gpu,utilization.gpu,"
    "driver_version"
)


def driver_facts(uuid: str) -> dict[str, Any]:
    """The facts of the GPU "GPU-<uuid>"; empty where there is no nvidia-smi or it does not answer."""
    command = ["nvidia-smi", f"--id=GPU-{uuid}", f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return {}
    return parse(done.stdout)


def parse(line: str) -> dict[str, Any]:
    """The facts in one line of its answer; a field it does not know, such as "[N/A]", is left out."""
    clock, most, throttle, persistence, temperature, busy, driver = ([*line.strip().split(", "), *[""] * 7])[:7]
    facts: dict[str, Any] = {
        "gpu_clock_mhz": _number(clock),
        "gpu_clock_max_mhz": _number(most),
        "gpu_temperature": _number(temperature),
        "gpu_busy": None if (share := _number(busy)) is None else share / 100,
        "gpu_driver": driver if driver[:1].isdigit() else None,
        "gpu_persistence": {"Enabled": True, "Disabled": False}.get(persistence),
    }
    if throttle.startswith("0x"):
        facts["gpu_throttle"] = [name for bit, name in THROTTLES.items() if int(throttle, 16) & bit]
    return {name: fact for name, fact in facts.items() if fact is not None}


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
