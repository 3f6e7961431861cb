import numpy as np
import pytest
from scipy.stats import ttest_1samp

from bench.stats.above import p_above


@pytest.mark.parametrize("goal", [0.5, 0.9, 0.98, 0.9905, 1.0])
def test_the_chance_is_that_of_the_one_sided_t_test(goal):
    values = np.random.default_rng(3).normal(0.9904, 0.0007, 20)
    expected = ttest_1samp(values, goal, alternative="greater").pvalue
    assert p_above(values, goal) == pytest.approx(expected, rel=1e-9)


def test_a_mean_at_the_goal_is_even_odds():
    assert p_above([0.98, 1.0], 0.99) == pytest.approx(0.5)


@pytest.mark.parametrize("values", [[0.99], [0.995, 0.995, 0.995]])
def test_without_a_spread_there_is_no_test(values):
    assert p_above(values, 0.99) is None


def test_what_lies_at_the_goal_passes_as_often_as_the_level_says():
    random = np.random.default_rng(0)
    chances = np.array([p_above(random.normal(0.99, 0.001, 20), 0.99) for _ in range(4000)])
    assert np.mean(chances < 0.01) == pytest.approx(0.01, abs=0.005)
