"""Ratio: how two geometric means of independent groups compare, from their intervals alone."""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log

from bench.stats.interval import Interval
from bench.stats.shift import shift


def ratio(above: Interval, below: Interval, confidence: float = 0.95) -> Interval:
    """One geometric mean over another, with Welch's t interval on the log scale; `n` is that of the smaller group.

    Without intervals of both there is none of the ratio.
    """
    return shift(above, below, log_scale=True, confidence=confidence).interval


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
