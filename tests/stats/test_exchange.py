"""Exchanges of seeds: an exact small case, and how often two that are alike are told apart."""

import numpy as np
import pytest

from bench.stats.exchange import LEVEL, p_alike

INF = np.inf


def rows(*solvers):
    return [[np.array(values, dtype=float) for values in solver] for solver in solvers]


def bare(seeds):
    return [[None] * len(seeds[0]) for _ in seeds]


@pytest.mark.parametrize(("count", "exact"), [(2, 2 / 6), (3, 2 / 20), (4, 2 / 70)])
def test_seeds_that_lie_apart_are_as_rare_as_counting_says(count, exact):
    """Of all ways to deal 2 n times to two solvers only two part the fast from the slow."""
    seeds = rows([np.linspace(1.0, 1.1, count)], [np.linspace(3.5, 3.9, count)])
    assert p_alike(seeds, bare(seeds), (0, 1)) == pytest.approx(exact, abs=0.02)


def test_a_target_that_is_missed_is_a_time_like_others():
    seeds = rows([[1.0, 1.1, 1.2, 1.3, 1.4]], [[INF] * 5])
    assert p_alike(seeds, bare(seeds), (0, 1)) < LEVEL
    seeds = rows([[1.0, 1.1, INF]], [[1.0, INF, INF]])
    assert p_alike(seeds, bare(seeds), (0, 1)) > LEVEL


def test_what_is_held_out_is_exchanged_too():
    """Level on the problem, the second fails what is held out beside it with every seed."""
    seeds = rows([[1.0] * 5], [[1.0] * 5], [[2.0] * 5])
    beside = rows([[1.0, 1.1, 1.2, 1.3, 1.4]], [[INF] * 5], [[1.0] * 5])
    assert p_alike(seeds, bare(seeds), (0, 1)) == 1.0
    assert p_alike(seeds, beside, (0, 1)) < LEVEL


def test_two_that_are_alike_are_seldom_told_apart():
    """With four seeds on each of two problems, whose intervals alone are apart more often."""
    generator = np.random.default_rng(3)
    every = [list(np.exp(generator.normal(0, 0.2, (2, 2, 4)))) for _ in range(100)]
    shares = [p_alike(seeds, bare(seeds), (0, 1)) < LEVEL for seeds in (list(map(list, each)) for each in every)]
    assert np.mean(shares) < 0.12  # 5 % are expected, 12 of 100 come once in 400 times
