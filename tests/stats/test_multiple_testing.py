import numpy as np
import pytest
from scipy import stats

from bench.stats.multiple_testing import clopper_pearson, holm


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
