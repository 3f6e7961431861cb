"""The line through readings and its test: by hand, and equal to scipy's where scipy has them."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.trend import trend


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_line_is_found_whole(sign):
    """All six pairs rise: z is (6 - 1) over sqrt(4 x 3 x 13 / 18)."""
    line = trend(sign * np.array([0.0, 2.0, 4.0, 6.0]))
    assert line.rise == pytest.approx(sign * 6)
    assert line.z == pytest.approx(sign * 5 / np.sqrt(4 * 3 * 13 / 18))
    assert line.rest == pytest.approx(np.zeros(4))


def test_a_wild_reading_does_not_bend_it():
    line = trend(np.array([5.0, 6.0, 7.0, 8.0, 100.0, 10.0, 11.0]))
    assert line.rise == pytest.approx(6)
    assert line.rest == pytest.approx([0, 0, 0, 0, 91, 0, 0])


def test_it_agrees_with_scipy():
    values = np.random.default_rng(3).normal(size=25)
    line = trend(values)
    assert line.rise == pytest.approx(24 * stats.theilslopes(values)[0])
    pairs = stats.kendalltau(np.arange(25), values).statistic * 300  # of 300 pairs, how many more rise
    assert line.z == pytest.approx((pairs - np.sign(pairs)) / np.sqrt(25 * 24 * 55 / 18))


def test_without_a_trend_chance_passes_it_as_often_as_its_z_says():
    random = np.random.default_rng(4)
    beyond = np.mean([abs(trend(row).z) > 1.96 for row in random.normal(size=(4000, 20))])
    assert beyond == pytest.approx(0.05, abs=0.015)
