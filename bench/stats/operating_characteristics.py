"""Operating characteristics: the error rates and the power of the gate for a cell, by resampling its A/A pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from bench.stats.sequential_test import LOOKS, TOLERANCE, deciding_look, outcomes
from bench.stats.start_effect import Floats, Starts, estimated
from bench.stats.visible_slowdown import ALTERNATING, upper_spread

SLOWDOWNS = (0.02, 0.03, 0.05, 0.10)
TOLERANCES = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.15, 0.20, 0.30)
RUNS = 20_000
# What a tolerance must show: equal sides fail in at most 1 % of single runs (so in 1 of 10,000 comparisons, which take
# two) and pass in at least 95 %; a slowdown of the tolerance's size is found in at least 90 % of comparisons.
MOST_FALSE, LEAST_PASSED, LEAST_POWER = 0.01, 0.95, 0.90
CHANCE = 0.01  # how often equal, independent pairs may look biased, or serially dependent


@dataclass(frozen=True, slots=True)
class Noise:
    """What equal sides of one cell differ by.

    Attributes:
        deviations: of the log ratios from their mean, without what the start does, at the upper limit of their spread:
            few pairs may have been quiet by chance.
        bias: how far their mean is from 0, where that is beyond chance; else 0.
        serial: their lag-1 autocorrelation, where that is beyond chance and positive; else 0.

    """

    deviations: Floats
    bias: float
    serial: float


def noise_of(logs: Sequence[float] | Floats, starts: Starts | None = None) -> Noise:
    """The noise of A/A pairs in the order in which they were made, at least three."""
    values = np.asarray(logs, dtype=float)
    sure = estimated(values, starts)
    mean, freedom, spread = float(sure.mean), int(sure.freedom), float(sure.spread)
    other = np.zeros(values.size) if starts is None else np.asarray(starts, dtype=float)
    rest = values.copy()
    for side in (0, 1):
        rest[other == side] -= rest[other == side].mean() if (other == side).any() else 0.0
    larger = upper_spread(1.0, freedom) * np.sqrt(values.size / freedom)
    far = spread > 0 and stdtr(freedom, -abs(mean) / float(sure.error)) < CHANCE / 2
    near = float((rest[1:] * rest[:-1]).sum() / (rest**2).sum()) if spread else 0.0
    dependent = near > float(ndtri(1 - CHANCE)) / np.sqrt(values.size)
    return Noise(larger * rest, abs(mean) if far else 0.0, near if dependent else 0.0)


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


def rates(noise: Noise, tolerance: float, slowdowns: Sequence[float] = SLOWDOWNS, seed: int = 0) -> Rates:
    """Resample the gate on the noise of one cell.

    Deviations are drawn with random signs, since which side of an A/A pair is called the first is arbitrary, and with
    replacement; a true slowdown is added. A bias is taken to be against whoever asks: it slows equal sides and hides
    slowdowns. Serial dependence widens the noise by what it does to the error of a mean.
    """
    return _rates(_drawn(noise, seed), noise.bias, tolerance, slowdowns)


def _rates(drawn: Floats, bias: float, tolerance: float, slowdowns: Sequence[float]) -> Rates:
    """Of runs of equal sides without the bias."""
    equal, pairs = outcomes(drawn + bias, tolerance, starts=ALTERNATING)
    hidden = drawn - bias
    slowed = [outcomes(hidden + np.log1p(slowdown), tolerance, starts=ALTERNATING)[0] for slowdown in slowdowns]
    return Rates(
        tolerance=tolerance,
        false_alarm=float((equal == "fail").mean()),
        passed=float((equal == "pass").mean()),
        slowdowns=tuple(slowdowns),
        power=tuple(float((outcome == "fail").mean() ** 2) for outcome in slowed),
        missed=tuple(float((outcome == "pass").mean()) for outcome in slowed),
        pairs=float(pairs.mean()),
    )


def admissible(noise: Noise, seed: int = 0) -> float | None:
    """The smallest of TOLERANCES at which the gate can be believed; None where it can at none."""
    drawn = _drawn(noise, seed)
    for tolerance in TOLERANCES:
        shown = _rates(drawn, noise.bias, tolerance, (tolerance,))
        if shown.false_alarm <= MOST_FALSE and shown.passed >= LEAST_PASSED and shown.power[0] >= LEAST_POWER:
            return tolerance
    return None


def replayed(logs: Sequence[float], tolerance: float = TOLERANCE, starts: Sequence[int] | None = None) -> list[str]:
    """The outcomes of the runs that these pairs make in their own order: each begins where the one before was decided.

    Pairs at the end that decide nothing are left out.
    """
    ends: list[str] = []
    rest, begun = logs, starts
    while (look := deciding_look(rest, tolerance, starts=begun)) is not None and look.outcome != "continue":
        ends.append(look.outcome)
        rest, begun = rest[look.n :], None if begun is None else begun[look.n :]
    return ends


def _drawn(noise: Noise, seed: int) -> Floats:
    """Log ratios of RUNS runs of equal sides without a bias."""
    draw = np.random.default_rng(seed)
    shape = (RUNS, LOOKS[-1])
    wider = np.sqrt((1 + noise.serial) / (1 - noise.serial))
    drawn: Floats = wider * draw.choice(noise.deviations, shape) * draw.choice([-1.0, 1.0], shape)
    return drawn
