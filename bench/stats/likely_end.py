"""Likely end: at which look a run of the sequential test will probably end; a forecast, which decides nothing."""

import math
from collections.abc import Sequence

import numpy as np

from bench.stats.sequential_test import ALPHA, LOOKS, judged
from bench.stats.start_effect import Estimate
from bench.vocabulary import LookOutcome

_SPREAD = (
    0.015  # standard deviation of a log ratio of equal sides; 0.014 to 0.027 on a shared machine (docs/validation.md)
)
_PRIOR = 2.0  # pairs that speak for equal sides of the usual spread, beside those that were made


def likely_end(logs: Sequence[float], tolerance: float) -> tuple[int, LookOutcome]:
    """With how many pairs a run that goes on is likely to end, and how.

    Mean and spread are taken to stay as they are, both drawn towards those of equal sides on a quiet machine.

    Args:
        logs: log ratios of the pairs so far; there may be none.
        tolerance: as in `look`.

    """
    count, mean = len(logs), sum(logs) / (len(logs) + _PRIOR)
    squares = sum((log - sum(logs) / count) ** 2 for log in logs)
    spread = math.sqrt((squares + _PRIOR * _SPREAD**2) / (max(count - 1, 0) + _PRIOR))
    for at in LOOKS:
        estimate = Estimate(*map(np.asarray, (mean, spread / math.sqrt(at), spread, at - 2)))
        outcome = judged(estimate, ALPHA / len(LOOKS), tolerance, tolerance).look(at, "continue").outcome
        if at > count and outcome != "continue":
            return at, outcome
    return max(LOOKS[-1], count), "inconclusive"
