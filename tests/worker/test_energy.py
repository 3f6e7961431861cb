"""The energy of a cell in its worker: by which counters, with stand-ins for them; what is measured is real."""

import math
import time
from functools import partial

import pytest
import torch

from bench.counters import energy as counting
from bench.counters import nvml as library
from bench.counters.energy import EnergyMeter, NoEnergyError
from bench.counters.rapl import zones
from bench.devices import CpuDevice, pci
from bench.measure.watch import Watch
from bench.plan.cell import Cell
from bench.plan.task import CatalogueRequest, Task
from bench.worker import catalogue, energy
from bench.worker import cell as module
from bench.worker import gpu as driver
from bench.worker.energy import meter_of, why_none
from bench.worker.gpu import gpu_of
from tests.counters.conftest import nvml
from tests.counters.doubles import XEONS, FakeCounter, hot_once, powercap
from tests.measure.recording import Heard, RecordingDevice

__all__ = ["nvml"]
WATTS = 40.0


@pytest.fixture
def steady(monkeypatch):
    """A counter that draws so many watts all the time."""
    counter = FakeCounter(wraps_at=math.inf, clock=time.perf_counter, watts=WATTS)
    monkeypatch.setattr(counting, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(module, "meter_of", lambda device: EnergyMeter([counter]))
    return counter


def heard(task):
    channel = Heard()
    module.measure(task, channel)
    return channel


def values_of(channel):
    return {each["metric"]: each["value"] for sent in channel.of("measurements") for each in sent}


@pytest.mark.usefixtures("quick")
def test_a_cell_tells_idle_power_and_the_joules_of_its_steps(steady):
    began = time.perf_counter()
    channel = heard(Task(Cell("debug"), blocks=3, costs=False, energy=True))
    seconds = time.perf_counter() - began
    values = values_of(channel)
    blocks = [block for sent in channel.of("blocks") for block in sent if block["subject"] == "train"]
    joules, wall = (sum(block[name] for block in blocks) for name in ("joules", "wall"))

    assert channel.of("status") == [("ok", None)]
    assert channel.of("system")[-1]["energy"] == ["package-0"]
    assert values["idle_power"] == pytest.approx(WATTS, rel=0.5)
    assert WATTS * wall <= joules <= WATTS * seconds  # it is read just outside of the block
    assert values["energy_per_step"] == pytest.approx(joules / sum(block["steps"] for block in blocks))
    assert values["energy_per_image"] == pytest.approx(values["energy_per_step"] / 64)
    assert channel.of("warning") == [one for one in channel.of("warning") if one["kind"] != "no energy"]


@pytest.mark.slow
def test_a_training_tells_the_joules_to_its_target(steady):
    channel = heard(Task(Cell("debug", optimizer="adam"), blocks=0, epochs=1, until=0.3, energy=True))
    *_, record = channel.of("training")
    entries = record["epochs"]

    assert values_of(channel)["energy_to_accuracy"] == entries[-1]["joules"]
    assert all(entry["joules"] >= WATTS * entry["seconds"] for entry in entries)
    assert entries[-1]["joules"] == pytest.approx(WATTS * entries[-1]["seconds"], rel=0.5)


@pytest.mark.slow
def test_a_counter_that_goes_amiss_costs_the_energy_alone(steady, monkeypatch):
    idle = module.idle_watts

    def gone(meter):
        watts = idle(meter)
        steady.gone = True
        return watts

    monkeypatch.setattr(module, "idle_watts", gone)
    channel = heard(Task(Cell("debug", optimizer="adam"), blocks=0, epochs=1, until=0.3, energy=True))
    (warning,) = [warning for warning in channel.of("warning") if warning["kind"] == "no energy"]

    assert channel.of("status") == [("ok", None)]
    assert warning["text"] == "no energy is told: package-0 is gone"
    assert {"energy_to_accuracy", "time_to_accuracy"} & {*values_of(channel)} == {"time_to_accuracy"}
    assert not any("joules" in entry for record in channel.of("training") for entry in record["epochs"])


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_without_a_counter_the_cell_is_measured_and_says_why_it_has_no_energy(monkeypatch):
    def refuse(device):
        raise NoEnergyError("there is no counter")

    monkeypatch.setattr(module, "meter_of", refuse)
    channel = heard(Task(Cell("debug"), blocks=2, costs=False, energy=True))

    assert channel.of("status") == [("ok", None)]
    assert "no energy is told: there is no counter" in [warning["text"] for warning in channel.of("warning")]
    assert not any(name.startswith(("energy", "idle")) for name in values_of(channel))


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_nothing_is_read_where_nobody_asks(steady, monkeypatch):
    asked = []
    monkeypatch.setattr(library.importlib, "import_module", asked.append)
    channel = heard(Task(Cell("debug"), blocks=2, costs=False))

    assert steady.readings == 0
    assert asked == []
    assert not any("joules" in block for sent in channel.of("blocks") for block in sent)


def test_a_processor_is_asked_by_rapl_and_never_by_nvidia_s_library(tmp_path, monkeypatch):
    powercap(tmp_path, XEONS)
    monkeypatch.setattr(energy, "zones", lambda virtual: zones(tmp_path, None))
    monkeypatch.setattr(library, "LIBRARY", "no.such.module")

    assert meter_of(CpuDevice()).names == ("package-0", "package-0 dram", "package-1", "package-1 dram")
    assert why_none(CpuDevice()) == ""


class Board(RecordingDevice):
    """A device of its own, at a place of the bus."""

    name = "toy:0"


@pytest.mark.usefixtures("nvml")
def test_a_gpu_is_asked_by_its_place_on_the_bus(monkeypatch):
    monkeypatch.setattr(driver, "address_of", lambda device: "00000000:3B:00.0")
    assert meter_of(Board()).names == ("gpu",)
    monkeypatch.setattr(driver, "address_of", lambda device: "00000000:01:00.0")
    assert why_none(Board()) == "the driver knows no GPU at 00000000:01:00.0: NVMLError: Not Found"
    monkeypatch.setattr(driver, "address_of", lambda device: None)
    assert why_none(Board()) == "torch does not say where toy:0 is, and so no driver can be asked"


def test_the_place_on_the_bus_is_torch_s(monkeypatch):
    class Properties:
        pci_domain_id, pci_bus_id, pci_device_id = 0, 0x3B, 0

    class Module:
        get_device_properties = staticmethod(lambda device: Properties)

    monkeypatch.setattr(torch, "get_device_module", lambda device: Module)
    assert pci.address_of(torch.device("cuda", 0)) == "00000000:3B:00.0"
    monkeypatch.delattr(Properties, "pci_bus_id")
    assert pci.address_of(torch.device("cuda", 0)) is None
    monkeypatch.setattr(torch, "get_device_module", lambda device: object())
    assert pci.address_of(torch.device("cuda", 0)) is None


def test_the_catalogue_says_which_devices_have_no_energy_where_that_is_asked(monkeypatch):
    monkeypatch.setattr(catalogue, "why_none", lambda device: f"{device.name} has no counter")

    assert "energy" not in catalogue.catalogue_of(CatalogueRequest()).devices["cpu"].unsupported
    asked = catalogue.catalogue_of(CatalogueRequest(energy=True)).devices["cpu"]
    assert asked.unsupported["energy"] == "cpu has no counter"
    monkeypatch.setattr(catalogue, "why_none", lambda device: "")
    assert "energy" not in catalogue.catalogue_of(CatalogueRequest(energy=True)).devices["cpu"].unsupported


@pytest.mark.usefixtures("nvml")
def test_a_device_has_a_driver_where_one_knows_it(monkeypatch):
    monkeypatch.setattr(driver, "address_of", lambda device: "00000000:3B:00.0")
    assert gpu_of(Board()).moment().clock == 1.98e9
    monkeypatch.setattr(driver, "address_of", lambda device: "00000000:01:00.0")
    assert gpu_of(Board()) is None
    monkeypatch.setattr(library, "LIBRARY", "no.such.module")
    assert gpu_of(Board()) is None


def test_no_driver_is_asked_about_the_processor(monkeypatch):
    def refuse(address):
        raise AssertionError

    monkeypatch.setattr(driver, "open_gpu", refuse)
    assert gpu_of(CpuDevice()) is None


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_cell_on_a_gpu_stores_its_clock_and_says_what_was_throttled_or_shared(monkeypatch):
    gpu = hot_once()
    monkeypatch.setattr(module, "gpu_of", lambda device: gpu)
    monkeypatch.setattr(module, "Watch", partial(Watch, sleep=lambda seconds: None))
    channel = heard(Task(Cell("debug"), blocks=2, costs=False))
    blocks = [block for sent in channel.of("blocks") for block in sent]
    warned = {(warning["part"], warning["kind"]): warning["text"] for warning in channel.of("warning")}

    assert {block["subject"] for block in blocks} >= {"train", "inference", "cell", "reference"}
    assert {block["gpu"]["clock"] for block in blocks} == {1.9e9}
    text = "the device was held down by power cap: 1 block dropped and measured again"
    assert warned["phases", "throttled"] == text
    assert ("relative cost", "throttled") not in warned
    for part in ("phases", "inference", "relative cost"):
        assert warned[part, "shared"] == "1 other process computed on the device"
