"""Operating characteristics: the error rates and the power of the gate, by resampling log ratios of A/A pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.stats.sequential_test import LOOKS, TOLERANCE, deciding_look, outcomes

SLOWDOWNS = (0.02, 0.03, 0.05, 0.10)
TOLERANCES = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.15, 0.20, 0.30)
RUNS = 20_000
# What a tolerance must show: equal sides fail in at most 1 % of single runs (so in 1 of 10,000 comparisons, which take
# two) and pass in at least 95 %; a slowdown of the tolerance's size is found in at least 90 % of comparisons.
MOST_FALSE, LEAST_PASSED, LEAST_POWER = 0.01, 0.95, 0.90


@dataclass(frozen=True, slots=True)
class Rates:
    """The error rates and the power of the gate at one tolerance.

    Attributes:
        tolerance: the share.
        false_alarm: share of single runs of equal sides that fail.
        passed: share of single runs of equal sides that pass.
        slowdowns: the true slowdowns, as shares, that the next two are of.
        power: share of comparisons that fail, in both of their runs.
        missed: share of single runs that pass.
        pairs: mean number of pairs of a run of equal sides.

    """

    tolerance: float
    false_alarm: float
    passed: float
    slowdowns: tuple[float, ...]
    power: tuple[float, ...]
    missed: tuple[float, ...]
    pairs: float

    @property
    def false_failure(self) -> float:
        """Share of comparisons of equal sides that fail: two independent runs must."""
        return self.false_alarm**2


def rates(pool: Iterable[float], tolerance: float, slowdowns: Sequence[float] = SLOWDOWNS, seed: int = 0) -> Rates:
    """Resample the gate on the log ratios of A/A pairs.

    Which side of an A/A pair is called the first is arbitrary, so each log ratio is drawn with a random sign, and with
    replacement; a true slowdown is added to it.
    """
    noise = _noise(pool, seed)
    equal, pairs = outcomes(noise, tolerance)
    slowed = [outcomes(noise + np.log1p(slowdown), tolerance)[0] for slowdown in slowdowns]
    return Rates(
        tolerance=tolerance,
        false_alarm=float((equal == "fail").mean()),
        passed=float((equal == "pass").mean()),
        slowdowns=tuple(slowdowns),
        power=tuple(float((outcome == "fail").mean() ** 2) for outcome in slowed),
        missed=tuple(float((outcome == "pass").mean()) for outcome in slowed),
        pairs=float(pairs.mean()),
    )


def admissible(pool: Iterable[float], seed: int = 0) -> float | None:
    """The smallest of TOLERANCES at which the gate can be believed; None where it can at none."""
    logs = list(pool)
    for tolerance in TOLERANCES:
        shown = rates(logs, tolerance, (tolerance,), seed)
        if shown.false_alarm <= MOST_FALSE and shown.passed >= LEAST_PASSED and shown.power[0] >= LEAST_POWER:
            return tolerance
    return None


def replayed(logs: Sequence[float], tolerance: float = TOLERANCE) -> list[str]:
    """The outcomes of the runs that these pairs make in their own order: each begins where the one before was decided.

    Pairs at the end that decide nothing are left out.
    """
    ends: list[str] = []
    rest = list(logs)
    while (look := deciding_look(rest, tolerance)) is not None and look.outcome != "continue":
        ends.append(look.outcome)
        rest = rest[look.n :]
    return ends


def _noise(pool: Iterable[float], seed: int) -> npt.NDArray[np.float64]:
    """Log ratios of RUNS runs of equal sides."""
    logs = np.asarray(list(pool), dtype=float)
    draw = np.random.default_rng(seed)
    shape = (RUNS, LOOKS[-1])
    noise: npt.NDArray[np.float64] = draw.choice(logs, shape) * draw.choice([-1.0, 1.0], shape)
    return noise
