"""A/B: a comparison decided by the gate, from the first pair to the verdicts; every number is written at once."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.compare.calibration import checked_tolerance
from bench.compare.facts import ComparisonFacts
from bench.compare.log import ComparisonLog
from bench.compare.pair_clock import Tell
from bench.compare.sameness import note_sameness
from bench.compare.sequential import SequentialComparison
from bench.compare.sides import Comparison
from bench.compare.verdicts import decide
from bench.plan.plan import Plan
from bench.plan.seeds import order_seed_of
from bench.store.fingerprint import Fingerprint, fingerprint
from bench.store.provenance import utc_now
from bench.verdict.verdict import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How to decide.

    Attributes:
        tolerance: the slowdown, as a share, from which on a loss matters; None for the default.
        uncalibrated: allow a tolerance below the calibrated minimum for this machine.
        command: repeats the comparison.
        record: where the raw numbers go; None keeps them in memory alone.
        same_result: whether a side that computes something else fails.
        same_costs: whether a rise of memory or of exact counts fails.

    """

    tolerance: float | None = None
    uncalibrated: bool = False
    command: str = ""
    record: Path | None = None
    same_result: bool = False
    same_costs: bool = False


def compare(comparison: Comparison, plan: Plan, rules: Rules, tell: Tell, began: float | None = None) -> Decision:
    """Run the comparison to its end, or to the end of the plan's budget, or to Ctrl-C; the decision says which.

    Args:
        comparison: the sides. Where there are none, the decision is on what only one side has.
        plan: how pairs are made, and the budget.
        rules: how to decide.
        tell: hears of each stage that begins, and of each pair that is over.
        began: when the budget began to run, by the monotonic clock; None for now.

    Raises:
        BenchError: the tolerance is below what the calibration has shown, or nothing can be written.

    """
    began = time.monotonic() if began is None else began
    cells = (side.cell.id for sides in comparison.sides.values() for side in sides)
    tolerance, notes = checked_tolerance(
        rules.tolerance,
        fingerprints(comparison) if comparison.sides else (),
        uncalibrated=rules.uncalibrated,
        cells=cells,
    )
    facts = facts_of(
        comparison,
        plan,
        tolerance,
        command=rules.command,
        notes=(*comparison.notes, *notes),
        same_costs=rules.same_costs,
    )
    log = ComparisonLog(rules.record, facts)
    try:
        sequential = SequentialComparison(comparison, log, plan.budget, tell, began)
        sequential.clock.due["sameness"] = sequential.clock.due["counts"]
        note_sameness(comparison, log, sequential.clock.begin, required=rules.same_result, budget=_left(plan, began))
        sequential.run()
    except KeyboardInterrupt:
        if not any(cell_log.pairs[1] for cell_log in log.cell_logs.values()):
            raise
    return decide(log)


def _left(plan: Plan, began: float) -> float | None:
    """What is left of the budget; None without one."""
    return None if plan.budget is None else max(0.0, plan.budget - (time.monotonic() - began))


def facts_of(
    comparison: Comparison,
    plan: Plan,
    tolerance: float,
    *,
    command: str = "",
    notes: Iterable[str] = (),
    same_costs: bool = False,
) -> ComparisonFacts:
    """What the first line of a comparison's file says."""
    return ComparisonFacts(
        before=comparison.before,
        after=comparison.after,
        cells={name: (before.cell, after.cell) for name, (before, after) in comparison.sides.items()},
        metric=comparison.metric,
        tolerance=tolerance,
        blocks=plan.blocks,
        order_seed=order_seed_of(plan),
        machine=dict(fingerprints(comparison)[0].fields),
        system=dict(comparison.system),
        unmatched=comparison.unmatched,
        same_costs=same_costs,
        notes=tuple(notes),
        command=command,
        started=utc_now(),
    )


def fingerprints(comparison: Comparison) -> list[Fingerprint]:
    """Of the machine, one for each device and number of threads that the cells use; without a number for no cell."""
    cells = [side.cell for sides in comparison.sides.values() for side in sides]
    used = dict.fromkeys((cell.device, cell.threads) for cell in cells)
    machines = [fingerprint(comparison.systems.get(device, comparison.system), count) for device, count in used]
    return machines or [fingerprint(comparison.system, None)]
