"""RAPL by a tree of sysfs that a test writes: what is added up, and why nothing is."""

from pathlib import Path

import pytest

from bench.counters.energy import EnergyMeter, NoEnergyError
from bench.counters.rapl import zones
from tests.counters.doubles import PACKAGE, XEONS, FakeClock, powercap


def test_packages_and_memory_are_added_up_and_nothing_twice(tmp_path):
    """Cores lie within a package, the platform holds all packages, and mmio shows a package again."""
    counted = zones(powercap(tmp_path, XEONS))

    assert [zone.name for zone in counted] == ["package-0", "package-0 dram", "package-1", "package-1 dram"]
    assert sum(zone.joules() for zone in counted) == pytest.approx(5 + 0.7 + 6 + 0.9)
    assert [zone.wraps_at for zone in counted][:2] == pytest.approx([262_143.32885, 65_712.999613])


def test_a_package_without_memory_or_of_several_dies_counts_too(tmp_path):
    laptop = {"intel-rapl:0": XEONS["intel-rapl:0"], "intel-rapl:0:0": XEONS["intel-rapl:0:0"]}
    dies = {f"intel-rapl:{die}": (f"package-0-die-{die}", 1, PACKAGE) for die in (0, 1)}

    assert [zone.name for zone in zones(powercap(tmp_path / "laptop", laptop))] == ["package-0"]
    assert [zone.name for zone in zones(powercap(tmp_path / "dies", dies))] == ["package-0-die-0", "package-0-die-1"]


def test_a_count_that_wraps_goes_on(tmp_path):
    tree = {"intel-rapl:0": ("package-0", PACKAGE - 1_000_000, PACKAGE)}
    meter = EnergyMeter(zones(powercap(tmp_path, tree)), FakeClock())
    powercap(tmp_path, {"intel-rapl:0": ("package-0", 2_000_000, PACKAGE)})

    assert meter.joules() == pytest.approx(3.0)
    assert meter.trouble == ""


@pytest.mark.parametrize("tree", [{}, {"intel-rapl:0": ("psys", 5, PACKAGE)}])
def test_without_a_package_the_reason_is_told(tmp_path, tree):
    with pytest.raises(NoEnergyError, match=r"no RAPL counter in /sys/class/powercap: .*modprobe.*a container hides"):
        zones(powercap(tmp_path, tree) if tree else tmp_path)


def test_what_only_root_may_read_says_how_to_allow_it(tmp_path, monkeypatch):
    read = Path.read_text

    def refuse(path, *words):
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(path, *words)

    powercap(tmp_path, XEONS)
    monkeypatch.setattr(Path, "read_text", refuse)  # the tests may run as root, whom no mode of a file keeps out
    with pytest.raises(NoEnergyError, match=r"energy_uj is for root alone: measure as root, or allow it \(sudo chmod"):
        zones(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"), [("", "no whole number"), ("many", "no whole number"), (None, "No such")]
)
def test_a_count_that_is_damaged_says_so(tmp_path, content, reason):
    powercap(tmp_path, XEONS)
    count = tmp_path / "sys/class/powercap/intel-rapl:1/energy_uj"
    count.unlink() if content is None else count.write_text(content)
    with pytest.raises(NoEnergyError, match=rf"intel-rapl:1/energy_uj .*{reason}"):
        zones(tmp_path)


def test_a_virtual_machine_has_none_of_its_own(tmp_path):
    powercap(tmp_path, XEONS)

    assert len(zones(tmp_path, "none")) == 4
    with pytest.raises(NoEnergyError, match=r"this is a virtual machine \(QEMU\)"):
        zones(tmp_path, "QEMU")
