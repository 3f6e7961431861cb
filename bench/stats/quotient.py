"""Quotient: of two independent geometric means, each with its interval over processes."""

import numpy as np
from scipy.special import stdtrit

from bench.stats.interval import Interval


def quotient(value: Interval, by: Interval, confidence: float = 0.95) -> Interval:
    """`value` divided by `by`, with Welch's interval on the log scale; n is that of the smaller group.

    The standard errors and their degrees of freedom follow from the two intervals, which are Student's t with n - 1.
    There is no interval where either mean has none.

    Args:
        value: the dividend, with its two-sided interval.
        by: the divisor, likewise.
        confidence: of both intervals, and of the one that is given.

    """
    ratio, n = value.value / by.value, min(value.n, by.n)
    errors = [_error(each, confidence) for each in (value, by)]
    known = [error for error in errors if error is not None]
    if len(known) < 2:
        return Interval(ratio, None, None, n)
    spread = sum(error**2 for error in known)
    terms = sum(error**4 / (each.n - 1) for error, each in zip(known, (value, by), strict=True))
    freedom = spread**2 / terms if terms else n - 1
    half = float(stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(spread))
    return Interval(ratio, float(ratio * np.exp(-half)), float(ratio * np.exp(half)), n)


def _error(mean: Interval, confidence: float) -> float | None:
    """The standard error of the logarithm of a geometric mean; None without an interval."""
    if mean.low is None or mean.high is None or mean.low <= 0 or mean.n < 2:
        return None
    return float(np.log(mean.high / mean.low) / 2 / stdtrit(mean.n - 1, (1 + confidence) / 2))
