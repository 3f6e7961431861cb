"""Intervals over processes: n is the number of fresh processes, never of iterations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit  # Student's quantile, as scipy.stats.t.ppf, which takes a second to import

from bench.vocabulary import Pooling


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided interval; `low` and `high` are None where one process cannot give any.

    Attributes:
        value: the estimate.
        low: lower end, in the unit of `value`.
        high: upper end.
        n: how many processes stand behind it.

    """

    value: float
    low: float | None
    high: float | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the width relative to the value, on the log scale: 0.03 means within about 3 % either way."""
        if self.low is None or self.high is None or self.low <= 0:
            return None
        return float(np.expm1(np.log(self.high / self.low) / 2))


def of_ratios(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Geometric mean of positive values, one a process, with the t interval on the log scale.

    exp(mean d +- t_{(1+confidence)/2, G-1} s / sqrt(G)) for d = log(values): Kalibera & Jones, "Rigorous benchmarking
    in reasonable time" (ISMM 2013), the interval from the top level alone.
    """
    logs = np.log(np.asarray(values, dtype=float))
    centre, half = _t_interval(logs, confidence)
    if half is None:
        return Interval(float(np.exp(centre)), None, None, logs.size)
    return Interval(float(np.exp(centre)), float(np.exp(centre - half)), float(np.exp(centre + half)), logs.size)


def of_means(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Arithmetic mean of values, one a process or seed, with its t interval."""
    array = np.asarray(values, dtype=float)
    centre, half = _t_interval(array, confidence)
    if half is None:
        return Interval(centre, None, None, array.size)
    return Interval(centre, centre - half, centre + half, array.size)


def pooled(values: npt.ArrayLike, how: Pooling) -> Interval:
    """Values of one metric, one a process or seed, pooled as its row says.

    A geometric mean is taken where all values are positive, else the arithmetic one.
    """
    array = np.asarray(values, dtype=float)
    if how == "log_mean" and (array > 0).all():
        return of_ratios(array)
    if how == "once":
        return Interval(float(array[0]), None, None, array.size)
    means = of_means(array)
    return Interval(means.value, None, None, means.n) if how == "proportion" else means


def _t_interval(values: npt.NDArray[np.float64], confidence: float) -> tuple[float, float | None]:
    """The mean and the half-width of its t interval; no half-width from a single value."""
    if values.size < 2:
        return float(values.mean()), None
    spread = stdtrit(values.size - 1, (1 + confidence) / 2) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean()), float(spread)


def half_widths(
    values: npt.NDArray[np.float64], group: npt.NDArray[np.intp], counts: npt.NDArray[np.intp], confidence: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Means of many groups at once and the half-widths of their t intervals, not-a-number for a single value.

    Args:
        values: of all groups.
        group: the number of each value's group.
        counts: how many values each group has, at least one.
        confidence: of the two-sided intervals.

    """
    means = np.bincount(group, values, len(counts)) / counts
    squares = np.bincount(group, (values - means[group]) ** 2, len(counts))
    freedom = np.where(counts > 1, counts - 1, np.nan)
    sizes, which = np.unique(counts, return_inverse=True)  # the quantile is costly, and there are few sizes
    quantiles = np.asarray(stdtrit(np.maximum(sizes - 1, 1), (1 + confidence) / 2), dtype=float)[which]
    return means, quantiles * np.sqrt(squares / freedom / counts)
