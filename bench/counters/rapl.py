"""RAPL: the energy counters of processors and their memory, by the powercap files of Linux.

Each zone of the folder is a domain of power. A package (`package-0`, or one die of it) holds its `core` and `uncore`;
`dram` stands below a package and is not in its count; `psys` is the whole platform, packages included. So packages and
memory are added up, and nothing else. The same packages told by another way (`intel-rapl-mmio`) are left out.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from bench.counters.energy import NoEnergyError

ROOT = Path("/")
ZONES = Path("sys/class/powercap")
_MICRO = 1e-6
_ABSENT = (
    f"there is no RAPL counter in /{ZONES}: the processor has none, the kernel does not show it (modprobe "
    "intel_rapl_msr), or a container hides it"
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A domain of power with its counter.

    Attributes:
        name: "package-0", or "package-0 dram".
        path: the file of its count, in microjoules.
        wraps_at: joules after which the count begins anew; infinite where nothing says so.

    """

    name: str
    path: Path
    wraps_at: float

    def joules(self) -> float:
        """The count.

        Raises:
            NoEnergyError: it cannot be read.

        """
        try:
            return int(self.path.read_text()) * _MICRO
        except PermissionError as error:
            allow = f"sudo chmod a+r /{ZONES}/intel-rapl:*/energy_uj"
            raise NoEnergyError(f"{self.path} is for root alone: measure as root, or allow it ({allow})") from error
        except OSError as error:
            raise NoEnergyError(f"{self.path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise NoEnergyError(f"{self.path} holds no whole number") from error


def zones(root: Path = ROOT, virtual: str | None = None) -> tuple[Zone, ...]:
    """The zones whose counts add up to what processors and memory draw, each of which can be read.

    Args:
        root: of the file tree.
        virtual: what virtual machine this is; None or "none" where it is none that is known.

    Raises:
        NoEnergyError: there is none, it cannot be read, or it is not this machine's own.

    """
    if virtual not in (None, "none"):
        raise NoEnergyError(f"this is a virtual machine ({virtual}), and no counter of the host's tells its part")
    known = [zone for path in sorted((root / ZONES).glob("intel-rapl:*")) if (zone := _zone(path))]
    if not known:
        raise NoEnergyError(_ABSENT)
    for zone in known:
        zone.joules()
    return tuple(known)


def _zone(path: Path) -> Zone | None:
    """The zone of a folder, if it is one that is added up."""
    name = _text(path / "name")
    if name == "dram":
        name = f"{_text(path.with_name(path.name.rpartition(':')[0]) / 'name')} dram"
    elif not name.startswith("package"):
        return None
    most = _text(path / "max_energy_range_uj")
    return Zone(name, path / "energy_uj", int(most) * _MICRO if most.isdigit() else math.inf)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
