import numpy as np
import pytest
from scipy import stats

from bench.stats.multiple_testing import clopper_pearson, discoveries, holm


def test_the_procedure_steps_up():
    # 0.03 is above its own threshold, 0.05 * 2 / 4, and stands because the third is below 0.05 * 3 / 4
    assert discoveries([0.001, 0.03, 0.035, 0.9], 0.05) == [True, True, True, False]
    assert discoveries([0.9, 0.02, 0.5, 0.6], 0.05) == [False] * 4


def test_it_agrees_with_scipy_s_adjusted_p_values():
    draw = np.random.default_rng(0)
    for _ in range(200):
        values = draw.random(draw.integers(1, 12)) ** 3
        assert discoveries(values, 0.1) == (stats.false_discovery_control(values) <= 0.1).tolist()


def test_no_tests_give_no_discoveries():
    assert discoveries([]) == []


def test_the_share_of_false_ones_stays_below_the_rate():
    draw = np.random.default_rng(5)
    shares = []
    for _ in range(2000):
        true, false = draw.random(5) * 1e-4, draw.random(45)
        stands = discoveries([*true, *false], 0.05)
        shares.append(sum(stands[5:]) / max(1, sum(stands)))
    assert np.mean(shares) <= 0.05


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 20, 0.0, 0.1684), (10, 10, 0.6915, 1.0), (9, 10, 0.5550, 0.9975), (0, 0, 0.0, 1.0)],
)
def test_the_exact_interval_of_a_share(hits, trials, low, high):
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=1e-4)


def test_it_is_scipy_s():
    for hits in range(8):
        theirs = stats.binomtest(hits, 7).proportion_ci(method="exact")
        assert clopper_pearson(hits, 7) == pytest.approx((theirs.low, theirs.high))


def test_holm_agrees_with_arithmetic_by_hand_and_keeps_the_rate_of_all_together():
    assert holm([]) == []
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    uniform = np.random.default_rng(11).random((2000, 46))
    assert np.mean([min(holm(row)) <= 0.01 for row in uniform]) < 0.016
