"""Ratio: how two geometric means of independent groups compare, from their intervals alone."""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log, sqrt

from scipy.special import stdtrit

from bench.stats.interval import Interval


def ratio(above: Interval, below: Interval, confidence: float = 0.95) -> Interval:
    """One geometric mean over another, with Welch's t interval on the log scale; `n` is that of the smaller group.

    The spread of each group follows from its own 95 % interval; without both of them there is none of the ratio. See
    `bench.stats.welch` for the approximation.
    """
    errors = [_error(each) for each in (above, below)]
    value, n = above.value / below.value, min(above.n, below.n)
    if any(error is None for error in errors):
        return Interval(value, None, None, n)
    squares = [(error or 0.0) ** 2 for error in errors]
    half = 0.0
    if spread := sum(squares):
        terms = zip(squares, (above.n, below.n), strict=True)
        freedom = spread**2 / sum(square**2 / (count - 1) for square, count in terms)
        half = float(stdtrit(freedom, (1 + confidence) / 2)) * sqrt(spread)
    return Interval(value, exp(log(value) - half), exp(log(value) + half), n)


def _error(group: Interval) -> float | None:
    """The standard error of the mean logarithm behind a 95 % interval; None where there is none."""
    if group.low is None or group.high is None or group.low <= 0 or group.n < 2:
        return None
    return float(log(group.high / group.low) / 2 / stdtrit(group.n - 1, 0.975))


def crossing(sizes: Sequence[float], ratios: Sequence[float]) -> float | None:
    """Where the ratio first gets to 1 from below, on a straight line between its neighbours on log axes; or None.

    Args:
        sizes: ascending and positive.
        ratios: at each of them, positive.

    """
    points = list(zip(map(log, sizes), map(log, ratios), strict=True))
    for (left, low), (right, high) in pairwise(points):
        if low < 0 <= high:
            return exp(left + (right - left) * -low / (high - low))
    return None
