"""Intervals: equal to scipy's, and right as often as they say, by simulation with a fixed seed."""

from dataclasses import astuple
from functools import partial

import numpy as np
import pytest
from scipy import stats

from bench.stats.interval import Interval, half_widths, of_ratios
from bench.store.pooling import pooled

RUNS = 6_000
of_means = partial(pooled, how="mean")
FOUR_SIGMA = 4 * np.sqrt(0.95 * 0.05 / RUNS)  # 1.1 %: a right interval misses this once in 16,000 seeds


@pytest.mark.parametrize("count", [2, 3, 6, 30])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_mean_has_the_t_interval_of_scipy(count, confidence):
    values = np.random.default_rng(count).normal(5, 2, count)
    (mean,), (half,) = half_widths(values, np.zeros(count, dtype=int), np.array([count]), confidence)
    low, high = stats.t.interval(confidence, count - 1, values.mean(), stats.sem(values))
    assert (mean, mean - half, mean + half) == pytest.approx((values.mean(), low, high))


@pytest.mark.parametrize("count", [2, 3, 6, 30])
def test_ratios_have_the_t_interval_of_scipy_on_the_log_scale(count):
    values = np.random.default_rng(count).lognormal(1, 0.3, count)
    found = of_ratios(values)
    low, high = np.exp(stats.t.interval(0.95, count - 1, np.log(values).mean(), stats.sem(np.log(values))))
    assert (found.value, found.low, found.high, found.n) == pytest.approx((stats.gmean(values), low, high, count))


def test_values_are_pooled_as_their_metric_says():
    values = [0.2, 0.4, 0.9]
    ends = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert astuple(pooled(values, "log_mean")) == pytest.approx(astuple(of_ratios(values)))
    assert astuple(pooled(values, "mean")) == pytest.approx((0.5, *ends, 3))
    assert pooled([0.0, *values], "log_mean") == pooled([0.0, *values], "mean")  # zero has no logarithm
    share = pooled([0.0, 1.0, 1.0, 1.0], "proportion")  # Clopper and Pearson's, which is exact
    assert (share.value, share.low, share.high) == pytest.approx((0.75, 0.1941, 0.9937), abs=1e-4)
    assert pooled([8.0, 8.0], "once") == Interval(8.0, None, None, 2)


@pytest.mark.parametrize("estimate", [of_means, of_ratios])
def test_one_process_gives_no_interval(estimate):
    assert estimate([2.0]) == Interval(pytest.approx(2.0), None, None, 1)
    assert estimate([2.0]).half_width is None


@pytest.mark.parametrize("estimate", [of_means, of_ratios])
def test_equal_processes_give_an_interval_without_width(estimate):
    found = estimate([2.0, 2.0, 2.0])
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
    assert found.half_width == 0


def test_the_scale_of_ratios_does_not_matter():
    found, scaled = of_ratios([1.0, 1.1, 1.3]), of_ratios([10.0, 11.0, 13.0])
    assert (scaled.value, scaled.low, scaled.high) == pytest.approx((10 * found.value, 10 * found.low, 10 * found.high))
    assert scaled.half_width == pytest.approx(found.half_width)


def test_a_ratio_and_its_inverse_agree():
    found, inverse = of_ratios([1.0, 1.1, 1.3]), of_ratios(1 / np.array([1.0, 1.1, 1.3]))
    assert (1 / inverse.value, 1 / inverse.high, 1 / inverse.low) == pytest.approx((found.value, found.low, found.high))


def test_the_half_width_is_what_multiplies_and_divides():
    found = of_ratios([1.0, 1.1, 1.3])
    assert found.value * (1 + found.half_width) == pytest.approx(found.high)
    assert found.value / (1 + found.half_width) == pytest.approx(found.low)


def test_an_interval_that_reaches_zero_has_no_relative_half_width():
    assert of_means([0.1, 5.0]).half_width is None


@pytest.mark.parametrize("count", [3, 6, 10])
@pytest.mark.parametrize("estimate", [of_means, of_ratios])
def test_the_interval_covers_the_truth_as_often_as_it_says(estimate, count):
    random = np.random.default_rng(20260131 + count)
    if estimate is of_means:
        truth, draws = 10.0, random.normal(10, 1, (RUNS, count))
    else:
        truth, draws = 1.5, 1.5 * random.lognormal(0, 0.02, (RUNS, count))
    found = [estimate(values) for values in draws]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=FOUR_SIGMA)


def test_a_group_of_one_value_has_no_half_width_and_makes_no_warning():
    with np.errstate(all="raise"):
        means, halves = half_widths(np.array([2.0, 1.0, 3.0]), np.array([0, 1, 1]), np.array([1, 2]))
    assert means.tolist() == [2.0, 2.0]
    assert np.isnan(halves).tolist() == [True, False]
