"""Ratio: Welch's interval from two intervals is that from the values themselves; a crossing lies between its points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats.interval import Interval, of_ratios
from bench.stats.ratio import crossing, ratio

groups = st.lists(st.floats(0.01, 100), min_size=2, max_size=12, unique=True)


@given(groups, groups)
def test_it_is_welchs_interval_of_the_logarithms(above, below):
    test = stats.ttest_ind(np.log(above), np.log(below), equal_var=False)
    expected = test.confidence_interval(0.95)
    known = ratio(of_ratios(above), of_ratios(below))
    assert np.log(known.value) == pytest.approx(np.mean(np.log(above)) - np.mean(np.log(below)), abs=1e-9)
    assert np.log([known.low, known.high]) == pytest.approx([expected.low, expected.high], rel=1e-6, abs=1e-9)
    assert known.n == min(len(above), len(below))


@pytest.mark.parametrize(
    "bare", [of_ratios([2.0]), Interval(2.0, -1.0, 3.0, 3), Interval(2.0, 0.0, 4.0, 3), Interval(2.0, 2.0, 2.0, 1)]
)
def test_without_an_interval_of_either_there_is_none(bare):
    other = of_ratios([1.0, 1.1])
    for known in (ratio(bare, other), ratio(other, bare)):
        assert (known.low, known.high) == (None, None)
    assert ratio(bare, other).value == pytest.approx(2.0 / np.sqrt(1.1))


def test_it_holds_the_true_ratio_as_often_as_it_says():
    random, held = np.random.default_rng(1), 0
    for _ in range(1000):
        ours, theirs = np.exp(random.normal(0.2, 0.05, 4)), np.exp(random.normal(0, 0.01, 6))
        by = ratio(of_ratios(ours), of_ratios(theirs))
        held += by.low <= np.exp(0.2) <= by.high
    assert held >= 930


def test_groups_without_any_spread_have_a_ratio_without_any():
    assert ratio(of_ratios([6.0, 6.0]), of_ratios([2.0, 2.0])) == Interval(*[pytest.approx(3.0)] * 3, 2)


def test_a_crossing_lies_on_the_line_between_its_neighbours():
    # from a quarter at 8 to 4 at 128: half of the way on log axes
    assert crossing([8, 128], [0.25, 4.0]) == pytest.approx(32.0)
    assert crossing([4, 8, 128, 256], [0.1, 0.25, 4.0, 9.0]) == pytest.approx(32.0)
    assert crossing([8, 64], [0.5, 1.0]) == pytest.approx(64.0)


@pytest.mark.parametrize("ratios", [[2.0, 3.0], [0.2, 0.9], [3.0, 0.5], [0.5]])
def test_there_is_none_where_nothing_crosses(ratios):
    assert crossing([8, 16][: len(ratios)], ratios) is None
