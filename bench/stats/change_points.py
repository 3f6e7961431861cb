"""Change points: where a series of readings, one after the other, moved to another level and stayed there.

A rank-sum scan. Of the readings since the last change, at most WINDOW, each split with LEAST readings on both sides
gives the z-score of the rank-sum statistic (Mann & Whitney, Ann. Math. Stat. 18, 1947); the largest of them counts. It
raises an alarm when it passes a critical value and the medians differ by a magnitude that matters. Ranks make one wild
reading harmless, and a level that drifts or remembers its last value is met by the correction for autocorrelation.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from bench.stats.noise import noise

Floats = npt.NDArray[np.float64]

WINDOW = 40  # readings looked at together
LEAST = 5  # readings on each side of a split
CRITICAL = 3.5  # for a look after every reading: 0.1 % of windows of noise pass it
FINAL_LEVEL = 0.01  # of the one look at all that is left, which a short series has alone
QUIET, SMALL, LARGE = 0.015, 0.03, 0.05  # noise up to QUIET lets changes from SMALL count, else from LARGE
_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """A move of the level.

    Attributes:
        index: the first reading of the new level.
        low: the earliest reading that may be the first of it, some nine times in ten.
        high: the latest one, likewise.
        shift: new median over old, less 1: 0.1 is 10 % up.
        z: the largest rank-sum z-score, corrected for autocorrelation.

    """

    index: int
    low: int
    high: int
    shift: float
    z: float


def changes(logs: npt.ArrayLike) -> list[Change]:
    """The changes of a series of logarithms, oldest first; none for fewer than 2 LEAST readings.

    The series is read as it grew: after each reading a look with CRITICAL at the window, which begins at the last
    change; at the end one look at FINAL_LEVEL at the window that is left.
    """
    values = np.asarray(logs, dtype=float)
    moves: list[Change] = []
    start, end = 0, 2 * LEAST
    while end <= values.size:
        change = _look(values, max(start, end - WINDOW), end, CRITICAL)
        if change is not None:
            later = min(end + LEAST, values.size)  # a few more readings place the split better
            change = _look(values, max(start, end - WINDOW), later, CRITICAL) or change
            moves.append(change)
            start, end = change.index, change.index + 2 * LEAST - 1
        end += 1
    first = max(start, values.size - WINDOW)
    last = _look(values, first, values.size, critical(values.size - first))
    return [*moves, last] if last is not None else moves


@lru_cache
def critical(count: int, level: float = FINAL_LEVEL) -> float:
    """The largest z-score that `count` readings of pure noise pass with this probability, by simulation."""
    if count < 2 * LEAST:
        return float("inf")
    random = np.random.default_rng(count)
    ranks = random.permuted(np.tile(np.arange(1.0, count + 1), (_DRAWS, 1)), axis=1)
    largest = np.abs(_scores(ranks)).max(axis=1)
    return float(np.quantile(largest, 1 - level, method="higher"))


def _look(values: Floats, start: int, end: int, threshold: float) -> Change | None:
    """The change in values[start:end], if there is one."""
    window = values[start:end]
    if window.size < 2 * LEAST:
        return None
    scores = _scores(rankdata(window)[None, :])[0]
    best = int(np.abs(scores).argmax())
    split = best + LEAST
    before, after = window[:split], window[split:]
    move = float(np.median(after) - np.median(before))
    z = float(scores[best]) * _correction(before, after)
    magnitude = SMALL if noise(window) <= QUIET else LARGE
    if abs(z) < threshold or abs(np.expm1(move)) < magnitude:
        return None
    radius = _radius(abs(move), noise(window))
    low, high = max(split - radius, 1), min(split + radius, window.size - 1)
    return Change(start + split, start + low, start + high, float(np.expm1(move)), z)


def _radius(move: float, spread: float) -> int:
    """How many readings the split may be off: ceil(12 / (move / spread)^2 - 0.5), at most 10.

    The form is that of change-point theory; by simulation it holds the true place some nine times in ten.
    """
    if spread == 0:
        return 0
    return int(min(max(np.ceil(12 * (spread / move) ** 2 - 0.5), 0), 10))


def _scores(ranks: Floats) -> Floats:
    """The z of each split in each row of ranks, (rows, count) to (rows, count - 2 LEAST + 1); positive for a rise."""
    count = ranks.shape[1]
    before = np.arange(LEAST, count - LEAST + 1)
    total = ranks.sum(axis=1, keepdims=True)
    sums = np.cumsum(ranks, axis=1)[:, LEAST - 1 : count - LEAST]
    after = count - before
    centre = after * (count + 1) / 2
    # the variance of all ranks, which ties make smaller
    spread = ranks.var(axis=1, ddof=1, keepdims=True)
    sd = np.sqrt(before * after / count * np.maximum(spread, np.finfo(float).tiny))
    return np.asarray((total - sums - centre) / sd)


def _correction(before: Floats, after: Floats) -> float:
    """What readings that remember the last one are worth, as a factor of z: sqrt((1 - r) / (1 + r)).

    r is the autocorrelation at lag 1 of the readings about the median of their side, wild ones pulled in; one that
    chance gives once in twenty (below 1.64 / sqrt(n), Bartlett 1946) counts as none.
    """
    rest = np.concatenate([before - np.median(before), after - np.median(after)])
    spread = rest.std()
    if spread == 0:
        return 1.0
    limit = 3 * 1.4826 * np.median(np.abs(rest - np.median(rest)))
    rest = np.clip(rest, -limit, limit) if limit > 0 else rest
    r = float((rest[1:] * rest[:-1]).sum() / (rest * rest).sum()) + 1 / rest.size
    if r < 1.64 / np.sqrt(rest.size):
        return 1.0
    r = min(r, 0.95)
    return float(np.sqrt((1 - r) / (1 + r)))
