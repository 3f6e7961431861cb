"""Welch: the error rate is kept where spreads and sizes differ, where the pooled t keeps none; agrees with scipy."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.welch import difference

OLD, NEW = [0.981, 0.982, 0.979], [0.975, 0.978, 0.971, 0.970]


def test_it_is_scipys():
    change = difference(OLD, NEW)
    theirs = stats.ttest_ind(NEW, OLD, equal_var=False, alternative="less")
    assert change.value == pytest.approx(np.mean(NEW) - np.mean(OLD))
    assert change.p_fall() == pytest.approx(theirs.pvalue)
    assert change.p_rise_at_most() == pytest.approx(stats.t.sf(theirs.statistic, 2))
    assert change.freedom == pytest.approx(theirs.df)
    shifted = stats.ttest_ind(np.add(NEW, 0.002), OLD, equal_var=False, alternative="less")
    assert change.p_fall(0.002) == pytest.approx(shifted.pvalue)


def test_without_any_spread_the_tolerance_decides():
    change = difference([0.98, 0.98], [0.97, 0.97])
    assert (change.p_fall(0.001), change.p_fall(0.02), change.p_rise_at_most(0.001)) == (0.0, 1.0, 1.0)
    assert change.half(0.99) == 0
    assert difference([0.98], [0.97, 0.96]) is None


def test_five_against_five_of_unequal_spread_err_as_often_as_said():
    random = np.random.default_rng(3)
    before, after = random.normal(0, 1, (4000, 5)), random.normal(0, 3, (4000, 5))
    low = [difference(old, new).p_fall() < 0.01 for old, new in zip(before, after, strict=True)]
    assert np.mean(low) < 0.016


def test_few_values_beside_many_hold_the_rate_far_out_in_the_tail():
    """Two of three times the spread beside ten: Welch's own approximation is off by a factor of ten there."""
    random = np.random.default_rng(4)
    rows = zip(random.normal(0, 1, (40_000, 10)), random.normal(0, 3, (40_000, 2)), strict=True)
    assert sum(difference(old, new).p_rise_at_most() < 2e-4 for old, new in rows) <= 14
