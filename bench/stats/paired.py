"""Paired: how two classifiers differ on the same images, with the interval that their number gives."""

from math import sqrt

from scipy.special import ndtri  # the normal distribution's quantile

from bench.stats.interval import Interval


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
