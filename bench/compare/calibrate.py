"""Calibrate: measure the error rates of the gate on this machine, with equal sides and with an injected slowdown."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.compare.ab import facts_of, fingerprints
from bench.compare.calibration import Calibration, RunCounts
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import SideError, measure_pair
from bench.compare.sequential import SHARED, SequentialComparison, Tell
from bench.compare.sides import Comparison
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.stats.operating_characteristics import LEAST_POWER, SLOWDOWNS, admissible, rates, replayed
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.text import percent
from bench.verdict.verdict import Decision

LEAST_PAIRS = 10  # fewer say too little about the tails
TRIED = (0.02, 0.03, 0.05, 0.10)  # tolerances in the table, besides the smallest that works

LogRatios = Mapping[str, Sequence[float]]
Paired = Callable[[str, int, float], None]


def gather(comparison: Comparison, plan: Plan, pairs: int, tell: Paired) -> dict[str, list[float]]:
    """The log ratios of so many pairs of each cell with itself, the cells interleaved.

    Ends early, with what there is, at Ctrl-C or at the end of the plan's budget.

    Raises:
        BenchError: a cell cannot be run.
        KeyboardInterrupt: it came before there were enough pairs to say anything.

    """
    order, started = Random(plan.order_seed), time.monotonic()
    log_ratios: dict[str, list[float]] = {name: [] for name in comparison.sides}
    try:
        for number in range(pairs):
            if number and number % SHARED == 0:
                comparison.renew()
            for name in order.sample(list(log_ratios), len(log_ratios)):
                if plan.budget is not None and time.monotonic() - started > plan.budget:
                    return log_ratios
                first, second = comparison.sides[name]
                pair = measure_pair(first, replace(second, inject=0.0), plan.blocks, order)
                log_ratios[name].append(pair.log_ratio())
                tell(name, len(log_ratios[name]), log_ratios[name][-1])
    except SideError as ended:
        raise BenchError(f"{name} cannot be calibrated: {ended.reason}; choose other --architectures") from ended
    except KeyboardInterrupt:
        if sum(map(len, log_ratios.values())) < LEAST_PAIRS:
            raise
    return log_ratios


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


def injected(comparison: Comparison, plan: Plan, injection: Injection, tell: Tell) -> Decision:
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
        after=SideFacts(f"{injection.cell}, {percent(injection.slowdown)} slower"),
        sides={injection.cell: (first, replace(second, inject=injection.slowdown))},
        unmatched=(),
    )


def counted(decisions: Sequence[Decision], slowdown: float, tolerance: float) -> RunCounts:
    """How comparisons of one cell ended."""
    verdicts = [decision.verdicts[0].verdict for decision in decisions]
    fail = verdicts.count("regressed")
    passed = sum(verdict in {"unchanged", "improved"} for verdict in verdicts)
    return RunCounts(
        slowdown=slowdown,
        tolerance=tolerance,
        fail=fail,
        passed=passed,
        inconclusive=len(verdicts) - fail - passed,
        seconds=tuple(decision.seconds for decision in decisions),
    )


def concluded(
    comparison: Comparison, log_ratios: LogRatios, injected_runs: Sequence[RunCounts], command: str, started: str
) -> Calibration:
    """The calibration that log ratios and counted runs make; an injected slowdown that was missed leaves no tolerance.

    Raises:
        BenchError: there are too few pairs, or several numbers of threads, each of which is its own calibration.

    """
    pool = [log_ratio for logs in log_ratios.values() for log_ratio in logs]
    if len(pool) < LEAST_PAIRS:
        raise BenchError(f"{len(pool)} pairs say too little: let it make {LEAST_PAIRS} (--pairs, --budget)")
    least = admissible(pool)
    tried = sorted({*TRIED, TOLERANCE, *([least] if least else [])})
    equal = [outcome for logs in log_ratios.values() for outcome in replayed(logs, max(TOLERANCE, least or 0.0))]
    equals = RunCounts(
        slowdown=0.0,
        tolerance=max(TOLERANCE, least or 0.0),
        fail=equal.count("fail"),
        passed=equal.count("pass"),
        inconclusive=equal.count("inconclusive"),
    )
    caught = all(runs.fail >= LEAST_POWER * runs.count for runs in injected_runs)
    return Calibration(
        fingerprint=one_fingerprint(comparison).fields,
        log_ratios={name: tuple(logs) for name, logs in log_ratios.items()},
        smallest_tolerance=least if caught else None,
        rates=tuple(rates(pool, tolerance, SLOWDOWNS) for tolerance in tried),
        runs=(equals, *injected_runs),
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
