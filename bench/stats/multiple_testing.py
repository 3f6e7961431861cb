"""Multiple testing: how often a decision goes wrong, as counted."""

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv  # the beta distribution's quantile


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share that was counted.

    Clopper & Pearson, "The use of confidence or fiducial limits" (Biometrika 26, 1934).
    """
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values as they count among so many: below `alpha` are no false ones at all in all but `alpha` of grids.

    Holm, "A simple sequentially rejective multiple test procedure" (Scand. J. Stat. 6, 1979); holds for tests that
    depend on each other in any way.
    """
    values = np.asarray(p_values, dtype=float)
    order = values.argsort(kind="stable")
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1)).clip(max=1.0)
    return [float(p_value) for p_value in adjusted]
