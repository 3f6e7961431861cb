"""What neighbours took from the pairs of a cell, by hand, and what it may have done to a ratio."""

import numpy as np
import pytest

from bench.compare.contention import CONTENDED, LEAST_CORE, Contention, contention_of


def test_the_typical_pair_is_held_against_the_best(told):
    """Of three pairs the tenth percentile is the fastest; of eleven it lies between the two fastest."""
    three = [told.pair(0.0, before) for before in (0.005, 0.004, 0.006)]
    assert contention_of(three) == Contention(pytest.approx(0.25), 1.0)
    eleven = [told.pair(0.0, 0.001 * before) for before in range(11, 0, -1)]
    best = np.quantile(np.arange(1, 12), 0.1, method="median_unbiased")
    assert 1 < best < 2
    assert contention_of(eleven).slower == pytest.approx(6 / best - 1)


def test_the_typical_share_of_the_core_counts_where_it_is_known(told):
    pairs = [told.pair(0.0, 0.004, busy=busy) for busy in (0.9, None, 0.5, 0.7)]
    assert contention_of(pairs) == Contention(0.0, pytest.approx(0.7))
    assert contention_of([told.pair(0.0, 0.004)]) == Contention(0.0, 1.0)
    assert contention_of([]) == Contention(0.0, 1.0)


@pytest.mark.parametrize(
    ("slower", "core", "doubt"),
    [
        (CONTENDED, 1.0, 0.0),
        (0.0, LEAST_CORE, 0.0),
        (np.nextafter(CONTENDED, 1), 1.0, np.log(1.15)),
        (0.0, np.nextafter(LEAST_CORE, 0), np.log(1.15)),  # as the least that is marked
        (0.3, 0.1, np.log(1.3)),
        (0.9, 1.0, np.log(1.5)),  # the sides take turns
    ],
)
def test_what_it_may_have_done_to_a_ratio(slower, core, doubt):
    contention = Contention(slower, core)
    assert contention.marked == (doubt > 0)
    assert contention.doubt == pytest.approx(doubt)


def test_it_is_said_by_what_shows_it():
    assert str(Contention(0.25, 0.5)) == "the reference itself ran 25 % slower than at its best"
    assert str(Contention(0.1, 0.5)) == "the processes had 50 % of their core"
    assert str(Contention(CONTENDED, 0.5)) == "the processes had 50 % of their core"


def test_less_than_a_seventh_of_a_core_away_is_as_good_as_all_of_it():
    assert pytest.approx(1 / 1.15) == LEAST_CORE
