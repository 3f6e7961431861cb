"""Variance: which share of it a cause has, from differences of pairs that share the cause and of pairs that do not."""

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtri

from bench.stats.interval import Interval


def share_of_cause(alike: Sequence[float], unlike: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """The share of the variance between `unlike` pairs that comes from what `alike` pairs have in common.

    1 - V(alike) / V(unlike), between 0 and 1, with the interval of a ratio of two variances (F distribution), whose
    means are known to be 0: both sides of a pair are the same. `n` is the number of unlike pairs. None where either
    has no pair, or no unlike pair differs.
    """
    if not alike or not unlike:
        return None
    inner, outer = (float(np.mean(np.square(logs))) for logs in (alike, unlike))
    if outer == 0:
        return None
    tail = (1 - confidence) / 2
    low, high = (fdtri(len(alike), len(unlike), level) for level in (tail, 1 - tail))
    value, least, most = (float(np.clip(1 - inner / outer / by, 0, 1)) for by in (1, low, high))
    return Interval(value, least, most, len(unlike))
