"""What pairs differ by: two classifiers of the same images, and two trainings with the same seeds."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.paired import accuracy_lost, mean_difference


def test_the_value_is_what_was_seen_and_lies_within():
    over = accuracy_lost(30, 10, 1000)
    assert over.value == pytest.approx(0.02)
    assert over.low < over.value < over.high
    assert over.n == 1000


def test_the_formula_is_agresti_and_mins():
    middle = 20 / 1002  # (30.5 - 10.5) of 1,002
    half = 1.959964 * np.sqrt(41 - 1002 * middle**2) / 1002
    over = accuracy_lost(30, 10, 1000)
    assert (over.low, over.high) == pytest.approx((middle - half, middle + half), rel=1e-6)


def test_no_change_at_all_is_still_uncertain():
    over = accuracy_lost(0, 0, 1000)
    assert over.value == 0
    assert over.low == pytest.approx(-over.high)
    assert 0.001 < over.high < 0.01


def test_only_losses_keep_the_value_within():
    over = accuracy_lost(1000, 0, 1000)
    assert (over.value, over.high) == (1.0, 1.0)


@pytest.mark.parametrize(("lost", "gained"), [(0.002, 0.002), (0.01, 0.004), (0.05, 0.05), (0.0005, 0.0001)])
def test_the_interval_holds_the_truth_as_often_as_it_says(lost, gained):
    draws = np.random.default_rng(0).multinomial(10_000, [lost, gained, 1 - lost - gained], size=2000)
    held = [(over := accuracy_lost(int(b), int(c), 10_000)).low <= lost - gained <= over.high for b, c, _ in draws]
    assert 0.93 <= np.mean(held) <= 0.995


def test_the_mean_of_pairs_has_the_interval_and_the_p_of_a_paired_t_test():
    before, after = [0.97, 0.98, 0.96, 0.975], [0.974, 0.983, 0.966, 0.976]
    shift, expected = mean_difference(before, after), stats.ttest_rel(after, before)
    assert shift.interval.value == pytest.approx(0.0035)
    assert shift.p == pytest.approx(expected.pvalue)
    assert (shift.interval.low, shift.interval.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert shift.interval.n == 4


@pytest.mark.parametrize(("before", "after"), [([0.9], [0.95]), ([0.9, 0.8], [0.9, 0.8])])
def test_without_a_spread_there_is_nothing_to_tell_by(before, after):
    shift = mean_difference(before, after)
    assert (shift.interval.low, shift.p) == (None, None)
