"""Paired: how two classifiers differ on the same images, or two ways of training with the same seeds."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit  # the normal distribution's quantile, and Student's with its own

from bench.stats.interval import Interval
from bench.stats.shift import Shift


def accuracy_lost(lost: int, gained: int, images: int, confidence: float = 0.95) -> Interval:
    """The accuracy of one less that of the other, where images are judged by both.

    Wald's interval of a difference of paired shares with half an image added to each of the four cells: Agresti & Min,
    "Simple improved confidence intervals for comparing matched proportions" (Statistics in Medicine 24, 2005).

    Args:
        lost: images that the first has right and the other wrong.
        gained: images that the first has wrong and the other right.
        images: all of them.
        confidence: of the interval.

    """
    number, worse, better = images + 2, lost + 0.5, gained + 0.5
    middle = (worse - better) / number
    half = float(ndtri(0.5 + confidence / 2)) * sqrt(worse + better - number * middle**2) / number
    value = (lost - gained) / images
    low, high = max(middle - half, -1.0), min(middle + half, 1.0)
    return Interval(value, min(low, value), max(high, value), images)


def mean_difference(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Shift:
    """The mean of what pairs gain, by Student's paired t test; pairs that all gain alike have no spread to tell by.

    Args:
        before: a value of each pair, at least one.
        after: the other of each, in the same order.
        confidence: of the interval.

    """
    gains = np.subtract(after, before)
    mean, n = float(gains.mean()), gains.size
    if n < 2 or np.ptp(gains) == 0:
        return Shift(Interval(mean, None, None, n), None)
    error = float(gains.std(ddof=1)) / sqrt(n)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    return Shift(Interval(mean, mean - half, mean + half, n), 2 * float(stdtr(n - 1, -abs(mean) / error)))
