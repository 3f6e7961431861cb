"""Calibrate: measure the error rates of the gate on this machine, with equal sides and with an injected slowdown."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from bench.compare.ab import facts_of, fingerprints
from bench.compare.calibration import Calibration, RunCounts
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pair_clock import Tell
from bench.compare.pairs import SideError, measure_pair
from bench.compare.sequential import SequentialComparison
from bench.compare.sides import Comparison
from bench.compare.start_order import start_of
from bench.compare.verdicts import decide
from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.plan.seeds import order_seed_of
from bench.stats.operating_characteristics import (
    LEAST_POWER,
    SLOWDOWNS,
    Noise,
    admissible,
    noise_of,
    rates,
    replayed,
)
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.text import percent
from bench.verdict.verdict import Decision

LEAST_PAIRS = 10  # fewer say too little about the tails
TRIED = (0.02, 0.03, 0.05, 0.10)  # tolerances in the table, besides the smallest that works

Paired = Callable[[str, int, float], None]


@dataclass(frozen=True, slots=True)
class EqualPairs:
    """The A/A pairs of one cell in the order in which they were made: their log ratios, and who started first."""

    log_ratios: list[float] = field(default_factory=list)
    started_first: list[int] = field(default_factory=list)

    @property
    def noise(self) -> Noise:
        """What they show of the cell's noise."""
        return noise_of(self.log_ratios, self.started_first)


def gather(
    comparison: Comparison, plan: Plan, pairs: int, tell: Paired, began: float | None = None
) -> dict[str, EqualPairs]:
    """So many pairs of each cell with itself, made as a comparison makes them: in rounds, each with fresh servers.

    Ends early, with what there is, at Ctrl-C or at the end of the plan's budget, which runs since `began`, by the
    monotonic clock, or from now on.

    Raises:
        BenchError: a cell cannot be run.
        KeyboardInterrupt: it came before there were enough pairs to say anything.

    """
    seed, started = order_seed_of(plan), time.monotonic() if began is None else began
    order, equals = Random(seed), {name: EqualPairs() for name in comparison.sides}
    try:
        for number in range(pairs):
            if number:
                comparison.renew()
            start = start_of(seed, 0, number)
            for name in order.sample(list(equals), len(equals)):
                if plan.budget is not None and time.monotonic() - started > plan.budget:
                    return equals
                first, second = comparison.sides[name]
                pair = measure_pair(first, replace(second, inject=0.0), plan.blocks, order, start)
                equals[name].log_ratios.append(pair.log_ratio())
                equals[name].started_first.append(start)
                tell(name, len(equals[name].log_ratios), equals[name].log_ratios[-1])
    except SideError as ended:
        raise BenchError(f"{name} cannot be calibrated: {ended.reason}; choose other --architectures") from ended
    except KeyboardInterrupt:
        if min(len(equal.log_ratios) for equal in equals.values()) < LEAST_PAIRS:
            raise
    return equals


def enough(equals: Mapping[str, EqualPairs]) -> None:
    """Refuse what says too little.

    Raises:
        BenchError: a cell has too few pairs.

    """
    fewest = min(len(equal.log_ratios) for equal in equals.values())
    if fewest < LEAST_PAIRS:
        raise BenchError(f"{fewest} pairs of a cell say too little: let it make {LEAST_PAIRS} (--pairs, --budget)")


def smallest(tolerances: Iterable[float | None]) -> float | None:
    """The tolerance that works for all of these cells; None where one has none."""
    known = list(tolerances)
    return None if None in known else max(tolerance for tolerance in known if tolerance is not None)


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
    comparison: Comparison,
    equals: Mapping[str, EqualPairs],
    injected_runs: Sequence[RunCounts],
    command: str,
    started: str,
) -> Calibration:
    """The calibration that A/A pairs and counted runs make; an injected slowdown that was missed leaves no tolerance.

    Raises:
        BenchError: a cell has too few pairs, or there are several numbers of threads, each its own calibration.

    """
    enough(equals)
    noises = {name: equal.noise for name, equal in equals.items()}
    tolerances = {name: admissible(noise) for name, noise in noises.items()}
    least = smallest(tolerances.values())
    tried = sorted({*TRIED, TOLERANCE, *(tolerance for tolerance in tolerances.values() if tolerance)})
    caught = all(runs.fail >= LEAST_POWER * runs.count for runs in injected_runs)
    return Calibration(
        fingerprint=one_fingerprint(comparison).fields,
        log_ratios={name: tuple(equal.log_ratios) for name, equal in equals.items()},
        smallest_tolerance=least if caught else None,
        started_first={name: tuple(equal.started_first) for name, equal in equals.items()},
        tolerances=tolerances,
        rates={
            name: tuple(rates(noise, tolerance, SLOWDOWNS) for tolerance in tried) for name, noise in noises.items()
        },
        runs=(_replayed(equals.values(), max(TOLERANCE, least or 0.0)), *injected_runs),
        notes=tuple(note for name, noise in noises.items() for note in doubts(name, noise)),
        command=command,
        started=started,
    )


def _replayed(equals: Iterable[EqualPairs], tolerance: float) -> RunCounts:
    """How the runs ended that the pairs make in their own order."""
    ends = [end for equal in equals for end in replayed(equal.log_ratios, tolerance, equal.started_first)]
    return RunCounts(
        slowdown=0.0,
        tolerance=tolerance,
        fail=ends.count("fail"),
        passed=ends.count("pass"),
        inconclusive=ends.count("inconclusive"),
    )


def doubts(cell: str, noise: Noise) -> Iterator[str]:
    """What is wrong with the pairs of a cell; the rates take it into account."""
    if noise.bias:
        yield f"{cell}: identical sides differ by {percent(noise.bias)} in the mean, which is beyond chance"
    if noise.serial:
        yield f"{cell}: each pair resembles the one before (autocorrelation {noise.serial:.2g})"


def one_fingerprint(comparison: Comparison) -> Fingerprint:
    """The machine's fingerprint with the one number of threads in use.

    Raises:
        BenchError: there are several, each of which has a noise of its own.

    """
    fingerprint, *others = fingerprints(comparison)
    if others:
        raise BenchError("calibrate one number of threads at a time: each has a noise of its own (--threads)")
    return fingerprint
