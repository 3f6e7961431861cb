"""Fingerprint: what must be equal for two recorded times to be comparable, and the definition of what was timed.

Clocks, bogomips, free memory and the host's name are left out: they change without a change of machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from bench.files import digest
from bench.plan import timing
from bench.plan.cell import Cell
from bench.plan.grid import REFERENCE
from bench.store.result import SCHEMA

# Facts of a worker's system (`bench.machine.system`) that decide a time; `identity` in it names those of its device.
# `python` and `os` are shortened, see `_hard`.
_DECIDE = (
    "cpu",
    "isa",
    "cores_usable",
    "arch",
    "os",
    "python",
    "torch",
    "allocator",
    "openmp",
    "precision",
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A machine with its software, and the threads in use.

    Attributes:
        fields: each hard field by name; what the machine does not tell is absent.

    """

    fields: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any field; fit for a file name."""
        return digest(self.fields)

    def differences(self, other: "Fingerprint") -> tuple[str, ...]:
        """Each field that differs from the other's, such as "torch 2.14.1 -> 2.15.0"; none when comparable."""
        names = dict.fromkeys((*self.fields, *other.fields))
        return tuple(
            f"{name} {_shown(self.fields.get(name))} -> {_shown(other.fields.get(name))}"
            for name in names
            if self.fields.get(name) != other.fields.get(name)
        )


def fingerprint(system: Mapping[str, Any], threads: int) -> Fingerprint:
    """The fingerprint of a worker's `system` facts with so many CPU threads."""
    names = (*_DECIDE, *system.get("identity", ()))
    fields = {name: _hard(name, system[name]) for name in names if name in system}
    return Fingerprint({**fields, "threads": threads, "schema": SCHEMA})


def definition(cell: Cell) -> str:
    """Twelve hexadecimal digits of what is timed and how: the cell, its reference and the protocol of blocks.

    Of the protocol it holds the constants that `bench.plan.timing.DECIDE_A_TIME` names, and no others. The code of
    the architecture is not in it: a change there is what a check is to find. Neither are fields at their default, so
    that a field which a later version adds leaves it as it was.
    """
    rules = {name: getattr(timing, name) for name in timing.DECIDE_A_TIME}
    return digest({"cell": _chosen(cell), "reference": _chosen(REFERENCE), "protocol": rules})


def _chosen(cell: Cell) -> dict[str, Any]:
    return {one.name: getattr(cell, one.name) for one in fields(Cell) if getattr(cell, one.name) != one.default}


def _hard(name: str, value: Any) -> Any:
    """The part of a fact that must be equal: Python's minor version, the system's name."""
    if name == "python":
        return ".".join(str(value).split(".")[:2])
    if name == "os":
        return re.split(r"[-\s]", str(value))[0]
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return "unknown" if value is None else str(value)
