"""Change points: where a series of readings, one after the other, moved to another level, at once or along a ramp.

After each reading the window since the last change is looked at, at most WINDOW readings, all looks at the same levels:

    step    a rank-sum scan: of all splits with LEAST readings on both sides the largest z-score of the rank-sum
            statistic (Mann & Whitney, Ann. Math. Stat. 18, 1947) passes a critical value, and the medians differ by a
            magnitude that matters
    ramp    a line fits better than two levels, by the sum of absolute residuals, the trend test passes
            (`bench.stats.trend`), and slope times length is such a magnitude

About the model that fits better the autocorrelation is taken, so that a ramp does not pass for readings that remember
the last one; z-scores are worth less by it. Ranks make one wild reading harmless. How often a series without any change
shows one: `bench.stats.false_alarms`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bench.stats.autocorrelation import autocorrelation, worth
from bench.stats.noise import noise
from bench.stats.trend import Trend, trend
from bench.vocabulary import ChangeKind

Floats = npt.NDArray[np.float64]

WINDOW = 40  # readings looked at together
LEAST = 5  # readings on each side of a split
LEVEL = 0.0025  # of the scan at each look: how often independent readings pass it by chance
_STEEP = -float(ndtri(0.0005 / 2))  # the z-score of a trend at each look: a ramp that goes on shows itself soon enough
QUIET, SMALL, LARGE = 0.015, 0.03, 0.05  # noise up to QUIET lets changes from SMALL count, else from LARGE
_DRAWS = 20_000
_SIZES = (10, 11, 12, 13, 14, 15, 17, 20, 25, 30, WINDOW)  # windows with a critical value; between them the next holds


@dataclass(frozen=True, slots=True)
class Change:
    """A move of the level.

    Attributes:
        index: the first reading of the new level; the last one of a ramp.
        low: the earliest reading that may be the first of it, some nine times in ten; the second one of a ramp.
        high: the latest one, likewise; the last one of a ramp.
        shift: new median over old, less 1: 0.1 is 10 % up; of a ramp, its slope times its length.
        z: the largest rank-sum z-score, or that of the trend, corrected for autocorrelation.
        kind: a step or a ramp.

    """

    index: int
    low: int
    high: int
    shift: float
    z: float
    kind: ChangeKind = "step"


def changes(logs: npt.ArrayLike) -> list[Change]:
    """The changes of a series of logarithms, oldest first; none for fewer than 2 LEAST readings.

    The series is read as it grew: a look after each reading at the window, which begins at the last change.
    """
    values = np.asarray(logs, dtype=float)
    moves: list[Change] = []
    start, end = 0, 2 * LEAST
    while end <= values.size:
        first = max(start, end - WINDOW)
        change = _look(values, first, end)
        if change is not None:
            change = _placed(values, first, min(end + LEAST, values.size), change)
            moves.append(change)
            start, end = change.index, change.index + 2 * LEAST - 1
        end += 1
    return _to_the_end(values, _joined(moves))


def _joined(moves: Sequence[Change]) -> list[Change]:
    """The changes, where a ramp that goes on in the next window is one."""
    joined: list[Change] = []
    for move in moves:
        last = joined[-1] if joined else None
        goes_on = last and last.kind == move.kind == "ramp" and last.high == move.low - 1
        if last and goes_on and last.shift * move.shift > 0:
            shift = (1 + last.shift) * (1 + move.shift) - 1
            strongest = max(last.z, move.z, key=abs)
            joined[-1] = replace(move, low=last.low, shift=shift, z=strongest)
        else:
            joined.append(move)
    return joined


def _to_the_end(values: Floats, moves: list[Change]) -> list[Change]:
    """The changes, where a last ramp takes in the readings after it: too few to tell, or along its line as well."""
    last = moves[-1] if moves else None
    if last is None or last.kind == "step":
        return moves
    ramp, after = values[last.low - 1 : last.index + 1], values[last.index + 1 :]
    whole = trend(values[last.low - 1 :])
    parts = np.abs(trend(ramp).rest).sum() + (np.abs(after - np.median(after)).sum() if after.size else 0.0)
    if after.size >= LEAST and np.abs(whole.rest).sum() >= parts:
        return moves  # it has ended
    end = values.size - 1
    return [*moves[:-1], replace(last, index=end, high=end, shift=float(np.expm1(whole.rise)))]


@lru_cache
def critical(count: int, level: float = LEVEL) -> float:
    """The z-score that `count` readings of pure noise pass somewhere with at most this probability, by simulation."""
    if count < 2 * LEAST:
        return float("inf")
    random = np.random.default_rng(count)
    ranks = random.permuted(np.tile(np.arange(1.0, count + 1), (_DRAWS, 1)), axis=1)
    largest = np.abs(_scores(ranks)).max(axis=1)
    return float(np.quantile(largest, 1 - level, method="higher"))


def _look(values: Floats, start: int, end: int) -> Change | None:
    """The change in values[start:end], at least 2 LEAST of them, if there is one."""
    window = values[start:end]
    line, scores = trend(window), _scores(_ranks(window)[None, :])[0]
    threshold = critical(next(size for size in _SIZES if size >= window.size))
    if np.abs(scores).max() <= threshold and abs(line.z) <= _STEEP:
        return None  # no correction makes more of it
    magnitude = SMALL if noise(window) <= QUIET else LARGE
    for change in _fits(window, start, line, scores):
        if abs(change.shift) >= magnitude and abs(change.z) > (_STEEP if change.kind == "ramp" else threshold):
            return change
    return None


def _placed(values: Floats, start: int, end: int, change: Change) -> Change:
    """The same change by a few more readings, which place it better; they need not pass what let it be shown."""
    window = values[start:end]
    again = list(_fits(window, start, trend(window), _scores(_ranks(window)[None, :])[0]))
    return next((fit for fit in again if fit.shift * change.shift > 0), change)


def _fits(window: Floats, start: int, line: Trend, scores: Floats) -> Iterator[Change]:
    """A ramp, if a line fits the window better than two levels, and the best step."""
    sides = slice(LEAST - 1, window.size - LEAST)  # the fewest readings of a side to the most
    split = LEAST + int(np.argmin(_residuals(window)[sides] + _residuals(window[::-1])[sides][::-1]))
    move, rest = float(np.median(window[split:]) - np.median(window[:split])), _levelled(window, split)
    is_line = float(np.abs(line.rest).sum()) < float(np.abs(rest).sum())
    factor = worth(autocorrelation(line.rest, 2) if is_line else autocorrelation(rest, 1))
    if is_line:
        last = start + window.size - 1
        yield Change(last, start + 1, last, float(np.expm1(line.rise)), line.z * factor, "ramp")
    radius = _radius(abs(move), noise(window))
    low, high = max(split - radius, 1), min(split + radius, window.size - 1)
    shift, z = float(np.expm1(move)), float(np.copysign(np.abs(scores).max(), move)) * factor
    yield Change(start + split, start + low, start + high, shift, z)


def _residuals(values: Floats) -> Floats:
    """The sum of absolute residuals about the median of the first reading, of the first two, and so on."""
    place, size = np.arange(values.size), np.arange(1, values.size + 1)[:, None]
    firsts = np.sort(np.where(place < size, values, np.inf), axis=1)
    larger, smaller = (place >= size - size // 2) & (place < size), place < size // 2
    return np.asarray(np.where(larger, firsts, 0).sum(axis=1) - np.where(smaller, firsts, 0).sum(axis=1))


def _levelled(window: Floats, split: int) -> Floats:
    """The readings about the median of their side."""
    before, after = window[:split], window[split:]
    return np.concatenate([before - np.median(before), after - np.median(after)])


def _radius(move: float, spread: float) -> int:
    """How many readings the split may be off: ceil(12 / (move / spread)^2 - 0.5), at most 10.

    The form is that of change-point theory; by simulation it holds the true place some nine times in ten.
    """
    if spread == 0:
        return 0
    return int(min(max(np.ceil(12 * (spread / move) ** 2 - 0.5), 0), 10))


def _ranks(values: Floats) -> Floats:
    """From 1 on, those of equal values their mean; scipy's takes seven times as long for so few."""
    ordered = np.sort(values)
    below, up_to = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((below + up_to + 1) / 2)


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
