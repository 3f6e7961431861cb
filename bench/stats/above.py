"""Above: whether the mean of a few values lies above a goal, by a one-sided t test."""

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr  # Student's distribution, as scipy.stats.t.cdf, which takes a second to import

LEVEL = 0.01  # chance may pass for a mean above the goal once in a hundred times, whoever asks once


def p_above(values: npt.ArrayLike, goal: float) -> float | None:
    """How often values of a mean no higher than `goal` would have one as far above it as these.

    None where there is no spread to tell by: of one value, or of values that are all alike.
    """
    array = np.asarray(values, dtype=float)
    if array.size < 2 or np.ptp(array) == 0:
        return None
    t = (array.mean() - goal) / (array.std(ddof=1) / np.sqrt(array.size))
    return float(stdtr(array.size - 1, -t))
