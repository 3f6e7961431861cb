"""Visible slowdown: the smallest that a whole comparison, both of its runs, finds nine times in ten; by simulation.

The noise is normal. Its spread is the upper 90 % limit of what a look saw: at the look that decides, the spread tends
to be small. It is never less than the tolerance, below which a loss passes the sooner the less noise there is.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from bench.stats.geometric_mean import ROUNDS, common_loss, common_tolerance
from bench.stats.sequential_test import LOOKS, Look, outcomes
from bench.stats.start_effect import Floats

SEEN = 0.9  # how often it is found
SURE = 0.9  # how likely the true spread is below the one that is reckoned with
RUNS, STEPS = 1000, 12  # of a simulation; halvings of the range that is searched
ALTERNATING = np.arange(LOOKS[-1]) % 2
NORMAL = np.random.default_rng(0).normal(size=(RUNS, LOOKS[-1]))

Failing = Callable[[Floats], npt.NDArray[np.bool_]]


def visible_slowdown(look: Look, tolerance: float) -> float:
    """Of a cell, as a share, by the look that decided its run."""
    return _smallest(look, tolerance, NORMAL, lambda logs: outcomes(logs, tolerance, starts=ALTERNATING)[0] == "fail")


def visible_common_slowdown(look: Look, tolerance: float, cells: int) -> float:
    """The same of so many cells together, by the look on their mean."""
    noise, starts = NORMAL[:, :ROUNDS], ALTERNATING[:ROUNDS]
    limit = common_tolerance(tolerance, cells)
    return _smallest(look, limit, noise, lambda logs: common_loss(logs, cells, tolerance, starts).failed)


def upper_spread(spread: float, freedom: int) -> float:
    """What the true standard deviation is below with the likelihood SURE, where this was seen of normal values."""
    return float(spread * np.sqrt(freedom / chdtri(freedom, SURE)))


def _smallest(look: Look, least: float, noise: Floats, failing: Failing) -> float:
    """Where the share of failing runs, squared, since two must, reaches SEEN."""
    spread = upper_spread(look.spread, look.freedom)
    low, high = np.log1p(least), 1.0 + 10 * spread
    if failing(spread * noise + low).mean() ** 2 >= SEEN:
        return least
    for _ in range(STEPS):
        middle = (low + high) / 2
        enough = failing(spread * noise + middle).mean() ** 2 >= SEEN
        low, high = (low, middle) if enough else (middle, high)
    return float(np.expm1(high))
