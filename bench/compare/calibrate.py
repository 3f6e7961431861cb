"""Rehearse: the gate proves itself on this machine, on pairs of equal sides and on a real slowdown to be caught."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.compare.ab import facts_of, fingerprints
from bench.compare.calibration import Real, Rehearsal
from bench.compare.facts import SideFacts
from bench.compare.log import Ledger
from bench.compare.pairs import SideError, measure_pair
from bench.compare.sequential import SHARED, Contest, Told
from bench.compare.sides import Matchup
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


def gather(matchup: Matchup, plan: Plan, pairs: int, tell: Paired) -> dict[str, list[float]]:
    """The log ratios of so many pairs of each cell with itself, the cells interleaved.

    Ends early, with what there is, at Ctrl-C or at the end of the plan's budget.

    Raises:
        BenchError: a cell cannot be run.
        KeyboardInterrupt: it came before there were enough pairs to say anything.

    """
    order, started = Random(plan.order_seed), time.monotonic()
    pools: dict[str, list[float]] = {name: [] for name in matchup.sides}
    try:
        for number in range(pairs):
            if number and number % SHARED == 0:
                matchup.renew()
            for name in order.sample(list(pools), len(pools)):
                if plan.budget is not None and time.monotonic() - started > plan.budget:
                    return pools
                first, second = matchup.sides[name]
                pair = measure_pair(first, replace(second, inject=0.0), plan.rounds, order)
                pools[name].append(pair.log_ratio())
                tell(name, len(pools[name]), pools[name][-1])
    except SideError as ended:
        raise BenchError(f"{name} cannot be rehearsed: {ended.reason}; choose other --architectures") from ended
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


def injected(matchup: Matchup, plan: Plan, injection: Injection, tell: Told) -> Decision:
    """A whole comparison of one cell with itself, made slower by more work: what `ab` would say of it.

    Raises:
        KeyboardInterrupt: half a comparison counts for nothing.

    """
    slowed = _slowed(matchup, injection)
    facts = facts_of(slowed, replace(plan, order_seed=injection.seed), injection.tolerance)
    ledger = Ledger(injection.record, facts)
    Contest(slowed, ledger, plan.budget, tell).run()
    return decide(ledger)


def _slowed(matchup: Matchup, injection: Injection) -> Matchup:
    """The one cell, its second side slower."""
    first, second = matchup.sides[injection.cell]
    return replace(
        matchup,
        before=SideFacts(injection.cell),
        after=SideFacts(f"{injection.cell}, {injection.slowdown:.1%} slower"),
        sides={injection.cell: (first, replace(second, inject=injection.slowdown))},
        aside=(),
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


def concluded(matchup: Matchup, pools: Pools, real: Sequence[Real], command: str, started: str) -> Rehearsal:
    """The rehearsal that pools and real runs make; a real slowdown that was not caught leaves no tolerance.

    Raises:
        BenchError: there are too few pairs, or several numbers of threads, each of which is its own rehearsal.

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
    return Rehearsal(
        fingerprint=one_fingerprint(matchup).fields,
        pools={name: tuple(logs) for name, logs in pools.items()},
        admissible=least if caught else None,
        rates=tuple(rates(pool, tolerance, SLOWDOWNS) for tolerance in tried),
        real=(equals, *real),
        command=command,
        started=started,
    )


def one_fingerprint(matchup: Matchup) -> Fingerprint:
    """The machine's fingerprint with the one number of threads in use.

    Raises:
        BenchError: there are several, each of which has a noise of its own.

    """
    fingerprint, *others = fingerprints(matchup)
    if others:
        raise BenchError("rehearse one number of threads at a time: each has a noise of its own (--threads)")
    return fingerprint
