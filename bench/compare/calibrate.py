"""Calibrate: the gate proves itself on this machine, on pairs of equal sides and on a real slowdown to be caught."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.compare.ab import facts_of, fingerprints
from bench.compare.calibration import Calibration, Real
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import SideError, measure_pair
from bench.compare.sequential import SHARED, SequentialComparison, Told
from bench.compare.sides import Comparison
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.stats.operating_characteristics import LEAST_FOUND, SLOWDOWNS, admissible, rates, replayed
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.verdict.verdict import Decision

LEAST_PAIRS = 10  # fewer say too little about the tails
TRIED = (0.02, 0.03, 0.05, 0.10)  # tolerances in the table, besides the smallest admissible one

Pools = Mapping[str, Sequence[float]]
Paired = Callable[[str, int, float], None]


def gather(comparison: Comparison, plan: Plan, pairs: int, tell: Paired) -> dict[str, list[float]]:
    """The log ratios of so many pairs of each cell with itself, the cells interleaved.

    Ends early, with what there is, at Ctrl-C or at the end of the plan's budget.

    Raises:
        BenchError: a cell cannot be run.
        KeyboardInterrupt: it came before there were enough pairs to say anything.

    """
    order, started = Random(plan.order_seed), time.monotonic()
    pools: dict[str, list[float]] = {name: [] for name in comparison.sides}
    try:
        for number in range(pairs):
            if number and number % SHARED == 0:
                comparison.renew()
            for name in order.sample(list(pools), len(pools)):
                if plan.budget is not None and time.monotonic() - started > plan.budget:
                    return pools
                first, second = comparison.sides[name]
                pair = measure_pair(first, replace(second, inject=0.0), plan.blocks, order)
                pools[name].append(pair.log_ratio())
                tell(name, len(pools[name]), pools[name][-1])
    except SideError as ended:
        raise BenchError(f"{name} cannot be calibrated: {ended.reason}; choose other --architectures") from ended
    except KeyboardInterrupt:
        if sum(map(len, pools.values())) < LEAST_PAIRS:
            raise
    return pools


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A slowdown of known size, to be caught.

    Attributes:
        cell: the name of the cell that is compared with itself.
        slowdown: how much slower the second side is made, as a share.
        tolerance: of the gate.
        seed: draws who starts, and the order of blocks.
        record: where the raw numbers go; None keeps them in memory alone.

    """

    cell: str
    slowdown: float
    tolerance: float
    seed: int
    record: Path | None = None


def injected(comparison: Comparison, plan: Plan, injection: Injection, tell: Told) -> Decision:
    """A whole comparison of one cell with itself, made slower by more work: what `ab` would say of it.

    Raises:
        KeyboardInterrupt: half a comparison counts for nothing.

    """
    slowed = _slowed(comparison, injection)
    facts = facts_of(slowed, replace(plan, order_seed=injection.seed), injection.tolerance)
    log = ComparisonLog(injection.record, facts)
    SequentialComparison(slowed, log, plan.budget, tell).run()
    return decide(log)


def _slowed(comparison: Comparison, injection: Injection) -> Comparison:
    """The one cell, its second side slower."""
    first, second = comparison.sides[injection.cell]
    return replace(
        comparison,
        before=SideFacts(injection.cell),
        after=SideFacts(f"{injection.cell}, {injection.slowdown:.1%} slower"),
        sides={injection.cell: (first, replace(second, inject=injection.slowdown))},
        unmatched=(),
    )


def counted(decisions: Sequence[Decision], slowdown: float, tolerance: float) -> Real:
    """How comparisons of one cell ended."""
    verdicts = [decision.verdicts[0].verdict for decision in decisions]
    fail = verdicts.count("regressed")
    passed = sum(verdict in {"unchanged", "improved"} for verdict in verdicts)
    return Real(
        slowdown=slowdown,
        tolerance=tolerance,
        fail=fail,
        passed=passed,
        undecided=len(verdicts) - fail - passed,
        seconds=tuple(decision.seconds for decision in decisions),
    )


def concluded(comparison: Comparison, pools: Pools, real: Sequence[Real], command: str, started: str) -> Calibration:
    """The calibration that pools and real runs make; a real slowdown that was not caught leaves no tolerance.

    Raises:
        BenchError: there are too few pairs, or several numbers of threads, each of which is its own calibration.

    """
    pool = [log_ratio for logs in pools.values() for log_ratio in logs]
    if len(pool) < LEAST_PAIRS:
        raise BenchError(f"{len(pool)} pairs say too little: let it make {LEAST_PAIRS} (--pairs, --budget)")
    least = admissible(pool)
    tried = sorted({*TRIED, TOLERANCE, *([least] if least else [])})
    equal = [outcome for logs in pools.values() for outcome in replayed(logs, max(TOLERANCE, least or 0.0))]
    equals = Real(
        slowdown=0.0,
        tolerance=max(TOLERANCE, least or 0.0),
        fail=equal.count("fail"),
        passed=equal.count("pass"),
        undecided=equal.count("inconclusive"),
    )
    caught = all(runs.fail >= LEAST_FOUND * runs.count for runs in real)
    return Calibration(
        fingerprint=one_fingerprint(comparison).fields,
        pools={name: tuple(logs) for name, logs in pools.items()},
        admissible=least if caught else None,
        rates=tuple(rates(pool, tolerance, SLOWDOWNS) for tolerance in tried),
        real=(equals, *real),
        command=command,
        started=started,
    )


def one_fingerprint(comparison: Comparison) -> Fingerprint:
    """The machine's fingerprint with the one number of threads in use.

    Raises:
        BenchError: there are several, each of which has a noise of its own.

    """
    fingerprint, *others = fingerprints(comparison)
    if others:
        raise BenchError("calibrate one number of threads at a time: each has a noise of its own (--threads)")
    return fingerprint
