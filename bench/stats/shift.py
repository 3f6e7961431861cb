"""Shift: how far one mean lies from another, from their intervals alone, and how often chance alone makes it as far."""

from dataclasses import dataclass
from math import exp, log, sqrt

from scipy.special import stdtr, stdtrit

from bench.stats.interval import Interval

LEVEL = 0.05  # of a move: chance alone makes any in so many of the tables in which nothing moved


@dataclass(frozen=True, slots=True)
class Shift:
    """What one group's mean is against another's.

    Attributes:
        interval: of the ratio of two geometric means, or of the difference of two means; `n` is the smaller group's.
        p: how often chance alone makes it as far either way; None where either group has no interval.

    """

    interval: Interval
    p: float | None


def shift(above: Interval, below: Interval, *, log_scale: bool, confidence: float = 0.95) -> Shift:
    """One mean against another of an independent group, by Welch's t test.

    The spread of each group follows from its own 95 % interval; without both of them there is none of the shift. See
    `bench.stats.welch` for the approximation.

    Args:
        above: a mean with its 95 % interval.
        below: what it is compared with.
        log_scale: whether they are geometric means, whose ratio is asked for, and not their difference.
        confidence: of the two-sided interval that is given.

    """
    centres = [log(each.value) if log_scale else each.value for each in (above, below)]
    middle, n = centres[0] - centres[1], min(above.n, below.n)
    errors = [_error(each, log_scale) for each in (above, below)]
    known = [error for error in errors if error is not None]
    if len(known) < 2:
        return Shift(Interval(exp(middle) if log_scale else middle, None, None, n), None)
    half, p = 0.0, float(middle == 0)
    squares = [error**2 for error in known]
    if spread := sum(squares):
        terms = zip(squares, (above.n, below.n), strict=True)
        freedom = spread**2 / sum(square**2 / (count - 1) for square, count in terms)
        half = float(stdtrit(freedom, (1 + confidence) / 2)) * sqrt(spread)
        p = 2 * float(stdtr(freedom, -abs(middle) / sqrt(spread)))
    value, low, high = (exp(end) if log_scale else end for end in (middle, middle - half, middle + half))
    return Shift(Interval(value, low, high, n), p)


def _error(group: Interval, log_scale: bool) -> float | None:
    """The standard error of the mean behind a 95 % interval; None where there is none."""
    if group.low is None or group.high is None or group.n < 2 or (log_scale and group.low <= 0):
        return None
    width = log(group.high / group.low) if log_scale else group.high - group.low
    return float(width / 2 / stdtrit(group.n - 1, 0.975))
