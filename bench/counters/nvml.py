"""NVML: what NVIDIA's driver tells of a GPU. No other module speaks to its library, nvidia-ml-py.

It is imported where a GPU is asked for, and nowhere else. A test puts another object in the place of `pynvml`.
"""

import importlib
import math
from collections.abc import Callable
from typing import Any

from bench.counters.energy import NoEnergyError
from bench.counters.gpu import THROTTLES, Moment
from bench.errors import reason_of

LIBRARY = "pynvml"  # what nvidia-ml-py is imported by
INSTALL = "pip install 'torch-architecture-bench[nvml]'"
_MILLI, _NANO, _MEGA = 1e-3, 1e-9, 1e6
# Counts of how long the clock was held down, by the constant that asks for it.
_POLICIES = {
    "NVML_PERF_POLICY_POWER": "power cap",
    "NVML_PERF_POLICY_THERMAL": "thermal",
    "NVML_PERF_POLICY_BOARD_LIMIT": "board limit",
    "NVML_PERF_POLICY_RELIABILITY": "reliability",
}


class NoGpuError(Exception):
    """The driver tells nothing of the GPU; the message says why."""


class Gpu:
    """One GPU as the driver sees it.

    Args:
        library: `pynvml`, or what stands for it.
        address: where the GPU is on the bus, such as "00000000:3B:00.0".

    Attributes:
        name: of its energy counter.
        wraps_at: that never begins anew.

    Raises:
        NoGpuError: the driver knows none there.

    """

    name = "gpu"
    wraps_at = math.inf

    def __init__(self, library: Any, address: str) -> None:
        self._library = library
        try:
            self._handle = library.nvmlDeviceGetHandleByPciBusId(address)
        except library.NVMLError as error:
            raise NoGpuError(f"the driver knows no GPU at {address}: {reason_of(error)}") from error
        mode = self.answer("nvmlDeviceGetMigMode")
        self._partitioned = bool(mode and mode[0])

    def joules(self) -> float:
        """What the whole board has drawn since its driver was loaded.

        Raises:
            NoEnergyError: it does not count that, or is shared out in parts of which it counts none alone.

        """
        if self._partitioned:
            raise NoEnergyError("the GPU is partitioned (MIG), and its counter is of all parts together")
        try:
            return float(self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle)) * _MILLI
        except self._library.NVMLError as error:
            raise NoEnergyError(f"the GPU's energy counter cannot be read: {reason_of(error)}") from error

    def moment(self) -> Moment:
        """Clock, power, temperature, throttling and users now."""
        clock = self.answer("nvmlDeviceGetClockInfo", self._library.NVML_CLOCK_SM)
        milliwatts = self.answer("nvmlDeviceGetPowerUsage")
        celsius = self.answer("nvmlDeviceGetTemperature", self._library.NVML_TEMPERATURE_GPU)
        users = self.answer("nvmlDeviceGetComputeRunningProcesses")
        bits = self.answer("nvmlDeviceGetCurrentClocksEventReasons")
        counts = {
            name: self.answer("nvmlDeviceGetViolationStatus", getattr(self._library, policy))
            for policy, name in _POLICIES.items()
        }
        return Moment(
            clock=None if clock is None else clock * _MEGA,
            watts=None if milliwatts is None else milliwatts * _MILLI,
            celsius=None if celsius is None else float(celsius),
            reasons=tuple(name for bit, name in THROTTLES.items() if (bits or 0) & bit),
            held={name: count.violationTime * _NANO for name, count in counts.items() if count is not None},
            users=None if users is None else len(users),
        )

    def answer(self, function: str, *words: object) -> Any:
        """What a function of the library answers on this GPU; None where it, or the GPU, does not know that."""
        ask: Callable[..., Any] | None = getattr(self._library, function, None)
        try:
            return ask(self._handle, *words) if ask else None
        except self._library.NVMLError:
            return None


def open_gpu(address: str) -> Gpu:
    """The GPU at that place of the bus.

    Raises:
        NoGpuError: nvidia-ml-py is not installed, there is no driver, or it knows no GPU there.

    """
    try:
        library = importlib.import_module(LIBRARY)
    except ImportError as error:
        raise NoGpuError(f"nvidia-ml-py is not installed ({INSTALL})") from error
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        raise NoGpuError(f"NVIDIA's driver does not answer: {reason_of(error)}") from error
    return Gpu(library, address)
