"""A GPU by NVML, with a stand-in for NVIDIA's library."""

import ast
import sys
from pathlib import Path

import pytest

from bench.counters import nvml as module
from bench.counters.energy import EnergyMeter, NoEnergyError
from bench.counters.gpu import Moment
from bench.counters.nvml import NoGpuError, open_gpu
from tests.counters.doubles import FakeClock, FakeNvml

ADDRESS = "00000000:3B:00.0"


def test_the_energy_is_that_of_the_driver_in_joules(nvml):
    gpu = open_gpu(ADDRESS)
    assert gpu.joules() == 1000.0
    meter = EnergyMeter([gpu], FakeClock())
    nvml.millijoules += 2500

    assert meter.joules() == pytest.approx(2.5)
    assert (meter.names, meter.trouble, nvml.started) == (("gpu",), "", 1)


def test_a_driver_that_is_loaded_anew_is_trouble(nvml):
    meter = EnergyMeter([open_gpu(ADDRESS)], FakeClock())
    nvml.millijoules = 3

    assert meter.joules() == 0.0
    assert meter.trouble == "gpu went back, and not at the end of its range"


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NoGpuError, match=r"nvidia-ml-py is not installed \(pip install .*\[nvml\]"):
        open_gpu(ADDRESS)


def test_without_a_driver_or_a_gpu_there_the_reason_is_told(nvml):
    with pytest.raises(NoGpuError, match=r"knows no GPU at 00000000:01:00\.0: NVMLError: Not Found"):
        open_gpu("00000000:01:00.0")
    nvml.driver = False
    with pytest.raises(NoGpuError, match="NVIDIA's driver does not answer: NVMLError: Driver Not Loaded"):
        open_gpu(ADDRESS)


@pytest.mark.parametrize(("mig", "counted"), [(None, True), ([0, 0], True), ([1, 1], False)])
def test_a_gpu_that_is_shared_out_in_parts_is_refused(nvml, mig, counted):
    nvml.mig = mig
    gpu = open_gpu(ADDRESS)
    if counted:
        assert gpu.joules() == 1000.0
    else:
        with pytest.raises(NoEnergyError, match="partitioned"):
            gpu.joules()


def test_a_gpu_without_the_counter_says_so(nvml):
    nvml.millijoules = None
    with pytest.raises(NoEnergyError, match="the GPU's energy counter cannot be read: NVMLError: Not Supported"):
        open_gpu(ADDRESS).joules()


def test_a_moment_is_in_hertz_watts_and_seconds(nvml):
    nvml.bits = 0x04 | 0x01 | 0x40
    nvml.violations |= {0: 2_500_000_000}
    nvml.users = ["ours", "another"]

    assert open_gpu(ADDRESS).moment() == Moment(
        clock=1.98e9,
        watts=350.5,
        celsius=61.0,
        reasons=("power cap", "hardware thermal"),
        held={"power cap": 2.5, "thermal": 0.0},
        users=2,
    )


def test_what_a_gpu_does_not_tell_is_left_open(nvml, monkeypatch):
    nvml.clock = nvml.milliwatts = nvml.celsius = nvml.bits = nvml.users = None
    nvml.violations = dict.fromkeys(nvml.violations)
    assert open_gpu(ADDRESS).moment() == Moment()
    monkeypatch.delattr(FakeNvml, "nvmlDeviceGetCurrentClocksEventReasons")  # a library from before it was called so
    assert open_gpu(ADDRESS).moment() == Moment()


def test_the_library_has_every_name_that_is_asked_of_it():
    """Of the real one, where it is installed; it answers nothing without a driver."""
    library = pytest.importorskip("pynvml")
    words = {
        node.value if isinstance(node, ast.Constant) else node.attr
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(node, ast.Constant | ast.Attribute)
    }
    names = {word for word in words if isinstance(word, str) and word.lower().startswith("nvml") and " " not in word}
    assert len(names) > 3
    assert [name for name in sorted(names) if not hasattr(library, name)] == []
