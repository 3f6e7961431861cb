"""Performance profile (Dolan & More 2002): how often a solver is within a factor of the best, with an interval.

The score is AlgoPerf's (Dahl et al. 2023, arXiv:2306.07179): the area below the profile from 1 to a factor, over its
width. A time is infinite where the target was not reached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TAU = 4.0  # the largest factor that counts: AlgoPerf's
RESAMPLES = 2000
LEAST_SEEDS = 2  # of each time, for an interval: one alone would be drawn again and again
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles of some solvers S on some problems P, with their 95 % intervals over seeds.

    Where any time is of fewer than LEAST_SEEDS there are no intervals.

    Attributes:
        times: (S, P), the median over seeds; infinite where the held-out rule takes a problem away too.
        ratios: (S, P), over the best of each problem; infinite where nobody solves it.
        taus: (T,), the factors that `shares` are given for.
        shares: (S, T), the shares of problems within each factor.
        scores: (S,), the areas below them.
        share_ends: (2, S, T), the ends of their intervals; None where there are none.
        score_ends: (2, S), likewise.

    """

    times: Floats
    ratios: Floats
    taus: Floats
    shares: Floats
    scores: Floats
    share_ends: Floats | None
    score_ends: Floats | None


def ratios_of(times: Floats) -> Floats:
    """Times (..., S, P) over the best solver's of each problem; infinite where nobody solved it."""
    best = times.min(axis=-2, keepdims=True)
    solved = np.isfinite(times)
    ratios: Floats = np.divide(times, best, out=np.full(times.shape, np.inf), where=solved)
    return ratios


def shares_of(ratios: Floats, taus: Floats) -> Floats:
    """The share of problems (..., S, T) whose ratio (..., S, P) is at most each factor (T,)."""
    return np.stack([(ratios <= tau).mean(axis=-1) for tau in taus], axis=-1)


def scores_of(ratios: Floats, most: float = TAU) -> Floats:
    """The area below each profile from 1 to `most`, over most - 1: exact, as a profile is a sum of steps."""
    return np.asarray(np.clip((most - ratios) / (most - 1), 0.0, 1.0).mean(axis=-1))


def held_to(times: Floats, held_out: Floats, most: float = TAU) -> Floats:
    """The times (..., S, P), infinite where a solver fails the problem that is held out beside it.

    It has to solve both problems within `most` times the best. On the one that is held out the best is that of the
    solvers that solved the other. A held-out time that is nan says that there is no such problem.
    """
    kept = np.where(ratios_of(times) <= most, times, np.inf)
    rivals = np.where(np.isfinite(kept), held_out, np.inf)
    absent = np.isnan(held_out)
    fits = absent | (ratios_of(np.where(absent, np.inf, rivals)) <= most)
    return np.where(fits, kept, np.inf)


def profiles(
    seeds: Sequence[Sequence[Floats]], held_out: Sequence[Sequence[Floats | None]], taus: Floats, most: float = TAU
) -> Profiles:
    """The profiles, by medians over seeds, and their percentile intervals when seeds are drawn again.

    Args:
        seeds: by solver and problem the times of its seeds (N,), infinite where one did not get there.
        held_out: likewise of the problem that is held out beside each; None for none.
        taus: the factors to give shares for.
        most: the largest that counts.

    """
    generator = np.random.default_rng(0)
    resamples = RESAMPLES if _fewest([*seeds, *held_out]) >= LEAST_SEEDS else 0
    drawn = _medians(seeds, generator, resamples)
    beside = _medians(held_out, generator, resamples)
    times = held_to(drawn, beside, most)  # (1 + resamples, S, P), as measured first
    ratios = ratios_of(times)
    shares, scores = shares_of(ratios, taus), scores_of(ratios, most)
    return Profiles(times[0], ratios[0], taus, shares[0], scores[0], _ends(shares[1:]), _ends(scores[1:]))


def _fewest(rows: Iterable[Sequence[Floats | None]]) -> int:
    """How many seeds a time is of, at the least."""
    return min((len(values) for row in rows for values in row if values is not None), default=0)


def _medians(seeds: Sequence[Sequence[Floats | None]], generator: np.random.Generator, resamples: int) -> Floats:
    """Medians (1 + resamples, S, P): of the seeds as they are, then of as many drawn with replacement."""
    rows = [[_of_one(values, generator, resamples) for values in row] for row in seeds]
    return np.moveaxis(np.array(rows), -1, 0)


def _of_one(values: Floats | None, generator: np.random.Generator, resamples: int) -> Floats:
    if values is None:
        return np.full(1 + resamples, np.nan)
    again = generator.choice(values, (resamples, len(values)))
    return np.concatenate([[median(values)], median(again)])


def median(values: Floats) -> Floats:
    """The median over the last axis; infinite where half of an even number are, as no mean of them is finite."""
    ordered, count = np.sort(values, axis=-1), values.shape[-1]
    return np.asarray((ordered[..., (count - 1) // 2] + ordered[..., count // 2]) / 2)


def _ends(drawn: Floats) -> Floats | None:
    """The ends (2, ...) of the interval that values (N, ...) of drawn seeds give; None where none were drawn."""
    return np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0) if len(drawn) else None
