"""Prediction: where the next reading of a series should lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

LEAST_RUNS = 5  # fewer stored runs say too little of how much runs differ
SCREEN = 0.90  # one-sided: of runs in which nothing changed, one in ten is looked at again
SURE = 0.99  # one-sided, where nothing is measured again


@dataclass(frozen=True, slots=True)
class Prediction:
    """What stored readings let one expect of the next.

    Attributes:
        mean: of the stored logarithms.
        half: t_{.90, n-1} s sqrt(1 + 1/n): nine in ten next readings lie below mean + half.
        sure: the same with .99, beyond which a gain is called one.
        n: how many stored readings.

    """

    mean: float
    half: float
    sure: float
    n: int

    @property
    def visible(self) -> float:
        """The smallest slowdown, as a share, that the next reading shows nine times in ten: expm1(2 half)."""
        return float(np.expm1(2 * self.half))


def predict(logs: Sequence[float]) -> Prediction | None:
    """The one-sided prediction interval of normal readings; None of fewer than LEAST_RUNS.

    Hahn & Meeker, "Statistical Intervals" (1991), 4.7: one future reading.
    """
    values = np.asarray(logs, dtype=float)
    if values.size < LEAST_RUNS:
        return None
    spread = float(values.std(ddof=1) * np.sqrt(1 + 1 / values.size))
    half, sure = (float(stdtrit(values.size - 1, level)) * spread for level in (SCREEN, SURE))
    return Prediction(float(values.mean()), half, sure, values.size)
