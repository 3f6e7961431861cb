"""Multiple testing: how often a decision goes wrong, as counted."""

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
