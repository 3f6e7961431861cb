"""Geometric mean over cells: finds a small loss that all of them have in common.

The unit is a round: its cells share their servers and their minute, so the mean of its log ratios is one value. Only
the first six rounds count, however many a cell took: cells stop where they look fast, and so would their mean.
"""

from collections.abc import Sequence

import numpy as np

from bench.stats.sequential_test import LOOKS, TOLERANCE, Judged, Look, judged
from bench.stats.start_effect import Floats, Starts, estimated

ROUNDS = LOOKS[0]  # every cell has so many
COMMON_ALPHA = 0.002  # on either side; there is one look


def geometric_mean(
    runs: Sequence[Sequence[float]], tolerance: float = TOLERANCE, *, starts: Starts | None = None
) -> Look:
    """Decide on the geometric mean of the ratios of several cells.

    Args:
        runs: by cell, its log ratios by round, at least six.
        tolerance: the slowdown of a cell, as a share, from which on a loss matters.
        starts: by round, the side that started first, for all cells alike.

    """
    rounds = np.mean([run[:ROUNDS] for run in runs], axis=0)
    begun = None if starts is None else starts[:ROUNDS]
    return common_loss(rounds, len(runs), tolerance, begun).look(ROUNDS, "inconclusive")


def common_loss(rounds: Floats, cells: int, tolerance: float, starts: Starts | None) -> Judged:
    """Judge the means of rounds, (..., ROUNDS): what fails may be as large as the common tolerance."""
    return judged(estimated(rounds, starts), COMMON_ALPHA, tolerance, common_tolerance(tolerance, cells))


def common_tolerance(tolerance: float, cells: int) -> float:
    """The loss of all from which on their mean fails: its error is about sqrt(cells) times smaller than a cell's."""
    return float(np.expm1(np.log1p(tolerance) / np.sqrt(cells)))
