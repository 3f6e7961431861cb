"""Fingerprint: what must be equal for two recorded times to be comparable, and the definition of what was timed.

Clocks, bogomips, free memory and the host's name are left out: they change without a change of machine.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bench.files import digest
from bench.plan import timing
from bench.plan.cell import Cell
from bench.plan.reference import source_digest
from bench.store.result import SCHEMA, Result

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
    "environment",
    "precision",
)

# The parts of a definition in words.
_PARTS = {
    "cell": "what the id stands for",
    "reference": "the code of the reference",
    "timing": "the timing of blocks",
    "estimator": "the estimator of the relative cost",
    "blocks": "blocks a process",
}


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

    @property
    def machine(self) -> str:
        """The digest of the same without the threads: the class of machines (`machine_of`); "" where nothing tells."""
        facts = {name: value for name, value in self.fields.items() if name != "threads"}
        return digest(facts) if facts.keys() - {"schema"} else ""

    @property
    def name(self) -> str:
        """What computes, by its name."""
        return str(self.fields.get("gpu") or self.fields.get("cpu") or "an unknown machine")

    def differences(self, other: "Fingerprint", without: Collection[str] = ()) -> tuple[str, ...]:
        """Each field that differs from the other's, such as "torch 2.14.1 -> 2.15.0"; none when comparable.

        Fields `without` are passed over.
        """
        names = [name for name in dict.fromkeys((*self.fields, *other.fields)) if name not in without]
        return tuple(
            f"{name} {_shown(self.fields.get(name))} -> {_shown(other.fields.get(name))}"
            for name in names
            if self.fields.get(name) != other.fields.get(name)
        )


def threads_of(cell: Cell, counted: int | None) -> int | None:
    """CPU threads of a reading: those it was taken with, else its cell's; None where a foreign cell does not say."""
    return counted or (None if cell.is_foreign else cell.threads)


def fingerprint(system: Mapping[str, Any], threads: int | None) -> Fingerprint:
    """The fingerprint of a worker's `system` facts with so many CPU threads; without a number where none is known."""
    names = (*_DECIDE, *system.get("identity", ()))
    fields = {name: _hard(name, system[name]) for name in names if name in system}
    known = {} if threads is None else {"threads": threads}
    return Fingerprint({**fields, **known, "schema": SCHEMA})


def machine_of(system: Mapping[str, Any]) -> str:
    """The digest of a machine and its software alone, whatever threads are in use; "" where no worker told its system.

    Machines that have the same are of one class: their times compare.
    """
    return fingerprint(system, None).digest if system else ""


def of_result(result: Result) -> str:
    """The digest of the fingerprint under which a result's relative cost holds; "" where no worker told its system."""
    readings = (reading for reading in result.measurements if reading.metric == "relative_cost")
    threads = next((reading.threads for reading in readings if reading.threads), None)
    return fingerprint(result.system, threads_of(result.cell, threads)).digest if result.system else ""


def protocol() -> dict[str, str]:
    """How this version measures a time, by name: the frozen reference, the constants of blocks, the estimator.

    Of the constants it holds those that `bench.plan.timing.DECIDE_A_TIME` names, and no others. A run records it, for
    the version that reads the run may be another one.
    """
    rules = {name: getattr(timing, name) for name in timing.DECIDE_A_TIME}
    return {"reference": source_digest(), "timing": digest(rules), "estimator": timing.RELATIVE_STATISTIC}


def definition(cell: Cell, measured_by: Mapping[str, str], blocks: int) -> str:
    """What was timed and how, in one line: the cell, the protocol it was measured by, and the number of blocks.

    The code of the architecture is not in it: a change there is what a check is to find. Neither are fields at their
    default, so that a field which a later version adds leaves it as it was. The blocks are, since runs of fewer blocks
    vary more than a prediction from runs of many allows for.
    """
    return " ".join(
        f"{name}={value}" for name, value in {"cell": digest(_chosen(cell)), **measured_by, "blocks": blocks}.items()
    )


def redefined(old: str, new: str) -> tuple[str, ...]:
    """What differs between two definitions, each in words with both values; none where they are the same."""
    before, after = (dict(part.partition("=")[::2] for part in text.split()) for text in (old, new))
    return tuple(
        f"{_PARTS.get(name, name)} {before.get(name, 'unknown')} -> {after.get(name, 'unknown')}"
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


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
