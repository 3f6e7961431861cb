"""Rehearse: the gate proves itself on this machine, on pairs of equal sides and on a real slowdown to be caught."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.compare.ab import fingerprints
from bench.compare.calibration import Real, Rehearsal
from bench.compare.log import Ledger
from bench.compare.pairs import Side, SideError, measure_pair
from bench.compare.sequential import SHARED, Contest, Told
from bench.compare.sides import Matchup
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.stats.operating_characteristics import LEAST_FOUND, SLOWDOWNS, admissible, rates, replayed
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.store.provenance import utc_now
from bench.verdict.verdict import Decision

LEAST_PAIRS = 10  # fewer say too little about the tails
INJECTED = 0.10
TRIED = (0.02, 0.03, 0.05, 0.10)  # tolerances in the table, besides the smallest admissible one

Pools = Mapping[str, Sequence[float]]
Paired = Callable[[str, int, float], None]


def gather(matchup: Matchup, plan: Plan, pairs: int, told: Paired) -> dict[str, list[float]]:
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
                one, other = matchup.sides[name]
                pair = measure_pair(one, replace(other, inject=0.0), plan.rounds, order)
                pools[name].append(pair.log_ratio())
                told(name, len(pools[name]), pools[name][-1])
    except SideError as ended:
        raise BenchError(f"{name} cannot be rehearsed: {ended.reason}; choose other --architectures") from ended
    except KeyboardInterrupt:
        if sum(map(len, pools.values())) < LEAST_PAIRS:
            raise
    return pools


def injected(
    matchup: Matchup,
    name: str,
    slowdown: float,
    tolerance: float,
    *,
    plan: Plan,
    seed: int,
    told: Told,
    record: Path | None = None,
) -> Decision:
    """A whole comparison of one cell with itself, made slower by more work: what `ab` would say of it."""
    one, other = matchup.sides[name]
    sides: dict[str, tuple[Side, Side]] = {name: (one, replace(other, inject=slowdown))}
    facts = {
        "started": utc_now(),
        "command": "",
        "before": {"label": name},
        "after": {"label": f"{name}, {slowdown:.1%} slower"},
        "cells": {name: [one.cell.to_dict(), other.cell.to_dict()]},
        "metric": matchup.metric,
        "tolerance": tolerance,
        "aside": [],
        "machine": dict(fingerprints(matchup)[0].fields),
        "notes": [],
    }
    ledger = Ledger(record, facts)
    Contest(sides, ledger, tolerance, plan.rounds, Random(seed), plan.budget, told, matchup.renew).run()
    return decide(ledger)


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
    pool = [one for logs in pools.values() for one in logs]
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
    caught = all(one.fail >= LEAST_FOUND * one.count for one in real)
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
    found = fingerprints(matchup)
    if len(found) > 1:
        raise BenchError("rehearse one number of threads at a time: each has a noise of its own (--threads)")
    return found[0]
