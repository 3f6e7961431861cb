"""Workloads: the accuracy that each architecture trains to, and which of them are held out while rates are tuned."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bench.errors import BenchError, unknown
from bench.plan.cell import Cell
from bench.plan.plan import share


def targets_of(texts: Iterable[str]) -> dict[str, float]:
    """Test accuracies by architecture, of texts such as lenet5=98%."""
    return {name: share(goal) for name, _, goal in (text.rpartition("=") for text in texts)}


def target_of(cell: Cell, plan: Mapping[str, Any]) -> float:
    """The test accuracy at which training of the cell stops, by a plan's fields; 0 for none."""
    return targets_of(plan.get("targets") or ()).get(cell.architecture, plan.get("until") or 0.0)


def bases_of(texts: Iterable[str]) -> dict[str, str]:
    """For each architecture that is held out the one whose learning rates it takes, of texts such as mlp_bn=mlp."""
    return {name: base for name, _, base in (text.partition("=") for text in texts)}


def base_of(cell: Cell, held_out: Iterable[str]) -> Cell:
    """The cell that is tuned for this one: of the base of an architecture that is held out, else itself."""
    return replace(cell, architecture=bases_of(held_out).get(cell.architecture, cell.architecture))


def check_workloads(targets: Iterable[str], held_out: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that are no architectures; of those that a plan does not measure nothing is asked.

    Args:
        targets: of a plan.
        held_out: likewise.
        known: the architectures that there are.

    Raises:
        BenchError: one is none of them, or is held out and the base of another.

    """
    bases = bases_of(held_out)
    for name in (*targets_of(targets), *bases, *bases.values()):
        if name not in known:
            raise unknown("architecture", name, known, "list architectures")
    for name, base in bases.items():
        if base in bases:
            raise BenchError(f"--held-out {name}={base}: {base} is held out itself; name an architecture that is tuned")
