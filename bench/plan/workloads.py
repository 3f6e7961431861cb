"""Workloads: the accuracy that each architecture trains to, and which of them are held out while rates are tuned."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bench.errors import BenchError, unknown
from bench.plan.cell import Cell
from bench.plan.origin import split_outside_brackets
from bench.plan.plan import share

_OF_A_NET = "architecture="  # what an origin of it begins with, which stands before those of other fields


def targets_of(texts: Iterable[str]) -> dict[str, float]:
    """Test accuracies by architecture, of texts such as lenet5=98%."""
    return {name: share(goal) for name, _, goal in (text.rpartition("=") for text in texts)}


def target_of(cell: Cell, plan: Mapping[str, Any]) -> float:
    """The test accuracy at which training of the cell stops, by a plan's fields; 0 for none."""
    return targets_of(plan.get("targets") or ()).get(cell.architecture, plan.get("until") or 0.0)


def bases_of(texts: Iterable[str]) -> dict[str, str]:
    """For each architecture that is held out the one whose learning rates it takes, of texts such as mlp_bn=mlp."""
    parted = (split_outside_brackets(text, "=") for text in texts)
    return {parts[0]: parts[1] for parts in parted if len(parts) > 1}


def base_of(cell: Cell, held_out: Iterable[str], beside: Iterable[Cell] = ()) -> Cell:
    """The cell that is tuned for this one: of the base of an architecture that is held out, else itself.

    Args:
        cell: the one.
        held_out: of a plan.
        beside: cells of the same plan, by which it is known what a base that nobody registered is made from.

    """
    base = bases_of(held_out).get(cell.architecture)
    if base is None:
        return cell
    known = next((each.origins for each in beside if each.architecture == base), ())
    named = (origin for origin in known if origin.startswith(_OF_A_NET))
    rest = (origin for origin in cell.origins if not origin.startswith(_OF_A_NET))
    return replace(cell, architecture=base, origins=(*named, *rest))


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
