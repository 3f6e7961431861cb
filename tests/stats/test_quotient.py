"""Quotient: the interval of two independent geometric means is Welch's on the log scale, and holds what it says."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.interval import Interval, of_ratios
from bench.stats.quotient import quotient


def test_it_is_the_interval_of_welch():
    random = np.random.default_rng(0)
    ours, theirs = np.exp(random.normal(0, 0.1, 5)), np.exp(random.normal(0.3, 0.02, 9))
    by = quotient(of_ratios(ours), of_ratios(theirs))
    known = stats.ttest_ind(np.log(ours), np.log(theirs), equal_var=False).confidence_interval(0.95)
    assert by.value == pytest.approx(stats.gmean(ours) / stats.gmean(theirs))
    assert (by.low, by.high) == pytest.approx((np.exp(known.low), np.exp(known.high)))
    assert by.n == 5


def test_it_holds_the_true_ratio_as_often_as_it_says():
    random, held = np.random.default_rng(1), 0
    for _ in range(1000):
        ours, theirs = np.exp(random.normal(0.2, 0.05, 4)), np.exp(random.normal(0, 0.01, 6))
        by = quotient(of_ratios(ours), of_ratios(theirs))
        held += by.low <= np.exp(0.2) <= by.high
    assert held >= 930


@pytest.mark.parametrize("lacking", [Interval(2.0, None, None, 1), Interval(2.0, 0.0, 4.0, 3)])
def test_there_is_no_interval_without_both(lacking):
    whole = Interval(4.0, 3.0, 5.0, 3)
    assert quotient(whole, lacking) == Interval(2.0, None, None, lacking.n)
    assert quotient(lacking, whole).low is None


def test_means_without_any_spread_have_a_quotient_without():
    assert quotient(Interval(4.0, 4.0, 4.0, 3), Interval(2.0, 2.0, 2.0, 3)) == Interval(2.0, 2.0, 2.0, 3)
