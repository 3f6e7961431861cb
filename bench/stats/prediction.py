"""Prediction: where the next reading of a series should lie, and how far it moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

LEAST_RUNS = 5  # fewer stored runs say too little of how much runs differ
WINDOW = 20  # a reading is predicted from so many at most, the latest
FEW = 3  # readings at either end that tell how far a series moved
SCREEN = 0.90  # one-sided: of runs in which nothing changed, one in ten is looked at again
SURE = 0.99  # one-sided, where nothing is measured again


@dataclass(frozen=True, slots=True)
class Spread:
    """How much readings differ while nothing changes.

    Attributes:
        single: the standard deviation of single readings, from successive differences: a level that creeps hardly adds.
        whole: the same about the mean of each segment, or `single` where that is larger: what drifts adds to it.
        freedom: degrees of freedom of `single`.

    """

    single: float
    whole: float
    freedom: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What stored readings let one expect of the next.

    Attributes:
        mean: of the stored logarithms.
        half: t_{.90} s sqrt(1 + 1/n): nine in ten next readings lie below mean + half.
        sure: the same with .99 and what drifts in the spread, beyond which a gain is called one.
        n: how many stored readings.

    """

    mean: float
    half: float
    sure: float
    n: int

    @property
    def visible(self) -> float:
        """The smallest slowdown, as a share, that the next reading shows nine times in ten: expm1(2 half)."""
        return float(np.expm1(2 * self.half))


@dataclass(frozen=True, slots=True)
class Move:
    """How far a series has moved since it began.

    Attributes:
        value: its last reading less the mean of its first, at most FEW.
        half: one-sided half-width at SURE; None where nothing tells how much readings differ.
        smooth: mean of its last readings, as many, less the mean of its first.
        smooth_half: one-sided half-width of that.

    """

    value: float
    half: float | None
    smooth: float
    smooth_half: float | None

    def has_risen(self, beyond: float) -> bool:
        """Whether it has surely risen, by more than `beyond`; single readings would find what creeps later."""
        return self.smooth_half is not None and self.smooth > max(self.smooth_half, beyond)


def spread_of(segments: Sequence[Sequence[float]]) -> Spread | None:
    """The spread within segments, of which each has a level of its own; None of fewer than LEAST_RUNS - 1 differences.

    Successive differences: von Neumann, Ann. Math. Stat. 12 (1941); d of them are worth 2 d^2 / (3 d - 1) degrees of
    freedom. It is too small for readings that remember the last one.
    """
    groups = [np.asarray(logs, dtype=float) for logs in segments if len(logs)]
    steps = np.concatenate([np.empty(0), *map(np.diff, groups)])
    if steps.size < LEAST_RUNS - 1:
        return None
    single = float(np.sqrt((steps**2).mean() / 2))
    within = float(np.sqrt(sum(((logs - logs.mean()) ** 2).sum() for logs in groups) / steps.size))
    return Spread(single, max(single, within), 2 * steps.size**2 / (3 * steps.size - 1))


def predict(logs: Sequence[float], spread: Spread | None = None) -> Prediction | None:
    """The one-sided prediction interval of normal readings after the last WINDOW of these; None without a spread.

    Args:
        logs: readings of one level, oldest first.
        spread: what readings of other levels, too, say of how much they differ; by default what these say.

    Hahn & Meeker, "Statistical Intervals" (1991), 4.7: one future reading.
    """
    spread = spread or spread_of([logs])
    if spread is None:
        return None
    values = np.asarray(logs[-WINDOW:], dtype=float)
    error = np.sqrt(1 + 1 / values.size)
    half = float(stdtrit(spread.freedom, SCREEN) * spread.single * error)
    sure = float(stdtrit(spread.freedom, SURE) * spread.whole * error)
    return Prediction(float(values.mean()), half, sure, values.size)


def moved(logs: Sequence[float], spread: Spread | None) -> Move:
    """How far at least two readings moved from the first of them to the last."""
    values: npt.NDArray[np.float64] = np.asarray(logs, dtype=float)
    few = min(FEW, values.size // 2)
    first = float(values[:few].mean())
    value, smooth = float(values[-1]) - first, float(values[-few:].mean()) - first
    if spread is None:
        return Move(value, None, smooth, None)
    reach = float(stdtrit(spread.freedom, SURE)) * spread.single
    return Move(value, reach * float(np.sqrt(1 + 1 / few)), smooth, reach * float(np.sqrt(2 / few)))
