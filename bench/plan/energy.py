"""Energy: which cells of a plan have theirs counted, and why the others have not."""

from collections.abc import Collection, Mapping

from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan, flag
from bench.vocabulary import NO_ENGINE

RANKS = "the counters are of all ranks together, so that cells of several have none"

SERVED = "what it takes to answer is timed alone (--engines none: energy of training steps)"


def is_counted(cell: Cell, plan: Plan, devices: Mapping[str, DeviceFacts]) -> bool:
    """Whether the energy of the cell is asked for and can be told."""
    return plan.energy and not _why_not(cell, devices)


def energy_left_out(cells: Collection[Cell], plan: Plan, devices: Mapping[str, DeviceFacts]) -> list[str]:
    """Why some cells have no energy although the plan asks for it, a line each reason.

    Raises:
        BenchError: none of them has any.

    """
    if not plan.energy:
        return []
    reasons = dict.fromkeys(reason for cell in cells if (reason := _why_not(cell, devices)))
    if reasons and not any(is_counted(cell, plan, devices) for cell in cells):
        raise BenchError(f"no energy can be told: {'; '.join(reasons)}: leave out {flag('energy')}")
    return [f"no energy is told of some cells: {reason}" for reason in reasons]


def _why_not(cell: Cell, devices: Mapping[str, DeviceFacts]) -> str:
    if cell.world_size > 1:
        return RANKS
    if cell.engine != NO_ENGINE:
        return SERVED
    reason = devices[cell.device].unsupported.get("energy", "")
    return f"{cell.device}: {reason}" if reason else ""
