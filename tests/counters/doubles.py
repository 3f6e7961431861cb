"""Stand-ins for what the hardware counts: a clock, a counter of joules, a tree of sysfs and NVIDIA's library."""

from types import SimpleNamespace

from bench.counters.energy import NoEnergyError
from bench.counters.gpu import Moment

PACKAGE = 262_143_328_850  # microjoules: the range of a package of a Xeon
DRAM = 65_712_999_613


class FakeClock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class FakeCounter:
    """A counter that a test sets; with a clock it draws so many watts."""

    def __init__(self, name="package-0", wraps_at=1000.0, count=0.0, *, clock=None, watts=0.0):
        self.name, self.wraps_at, self.count = name, wraps_at, count
        self._clock, self._watts = clock, watts
        self.gone = False
        self.readings = 0

    def joules(self):
        self.readings += 1
        if self.gone:
            raise NoEnergyError(f"{self.name} is gone")
        drawn = self._watts * self._clock() if self._clock else 0.0
        return (self.count + drawn) % self.wraps_at


def powercap(root, zones):
    """Writes the zones, (name, microjoules, range) by folder, as the kernel shows them: the nested ones beside all."""
    folder = root / "sys/class/powercap"
    (folder / "intel-rapl").mkdir(parents=True, exist_ok=True)  # the control type, which is no zone
    (folder / "intel-rapl" / "enabled").write_text("1\n")
    for zone, (name, count, most) in zones.items():
        place = folder / zone
        place.mkdir(exist_ok=True)
        for file, value in {"name": name, "energy_uj": count, "max_energy_range_uj": most}.items():
            (place / file).write_text(f"{value}\n")
    return root


XEONS = {
    "intel-rapl:0": ("package-0", 5_000_000, PACKAGE),
    "intel-rapl:0:0": ("core", 3_000_000, PACKAGE),
    "intel-rapl:0:1": ("uncore", 1_000_000, PACKAGE),
    "intel-rapl:0:2": ("dram", 700_000, DRAM),
    "intel-rapl:1": ("package-1", 6_000_000, PACKAGE),
    "intel-rapl:1:0": ("dram", 900_000, DRAM),
    "intel-rapl:2": ("psys", 90_000_000, PACKAGE),
    "intel-rapl-mmio:0": ("package-0", 5_000_000, PACKAGE),
}


class NVMLError(Exception):
    """As pynvml has it."""


class FakeGpu:
    """Stands for `bench.counters.nvml.Gpu`: tells moments one after the other, the last one for ever."""

    def __init__(self, *moments):
        self.moments, self.asked = list(moments), 0

    def moment(self):
        self.asked += 1
        return self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]


def hot_once():
    """A GPU that others use too, whose second moment is throttled."""
    cool, hot = Moment(clock=1.9e9, users=2), Moment(clock=1.5e9, users=2, reasons=("power cap",))
    return FakeGpu(cool, hot, cool)


class FakeNvml:
    """Stands for the module pynvml: one GPU at one place; what is left None is not supported by it."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0
    NVML_PERF_POLICY_POWER, NVML_PERF_POLICY_THERMAL = 0, 1
    NVML_PERF_POLICY_BOARD_LIMIT, NVML_PERF_POLICY_RELIABILITY = 3, 5

    def __init__(self, address="00000000:3B:00.0", *, driver=True):
        self.address, self.driver = address, driver
        self.started = 0
        self.millijoules = 1_000_000
        self.mig = None
        self.clock, self.milliwatts, self.celsius, self.bits = 1980, 350_500, 61, 0
        self.users, self.violations = ["a process"], {0: 0, 1: 0, 3: None, 5: None}  # nanoseconds by policy

    def nvmlInit(self):  # noqa: N802 - NVML's own names
        self.started += 1
        if not self.driver:
            raise NVMLError("Driver Not Loaded")

    def nvmlDeviceGetHandleByPciBusId(self, address):  # noqa: N802
        if address != self.address:
            raise NVMLError("Not Found")
        return "the handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return self._known(handle, self.millijoules)

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        return self._known(handle, self.mig)

    def nvmlDeviceGetClockInfo(self, handle, kind):  # noqa: N802
        assert kind == self.NVML_CLOCK_SM
        return self._known(handle, self.clock)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return self._known(handle, self.milliwatts)

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._known(handle, self.celsius)

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle):  # noqa: N802
        return self._known(handle, self.bits)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        return self._known(handle, self.users)

    def nvmlDeviceGetViolationStatus(self, handle, policy):  # noqa: N802
        return SimpleNamespace(violationTime=self._known(handle, self.violations[policy]))

    def _known(self, handle, value):
        assert handle == "the handle"
        if value is None:
            raise NVMLError("Not Supported")
        return value
