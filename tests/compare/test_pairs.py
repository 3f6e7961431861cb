"""Duet, from the parent's side: which quantile of the steps stands for a side."""

import numpy as np
import pytest

from bench.compare.pairs import Pair, location


@pytest.mark.parametrize(
    ("statistics", "expected"),
    [(("p10", "p10"), "p10"), (("p10", "p25"), "p25"), (("p25", "p10"), "p25"), (("p25", "p25"), "p25")],
)
def test_both_sides_are_told_by_the_quantile_of_the_noisier_one(statistics, expected):
    assert location(*statistics) == expected


def test_a_log_ratio_is_of_that_quantile():
    steps = np.arange(1.0, 12.0)
    pair = Pair(steps, np.where(steps > 3, 2 * steps, steps), {}, 0, statistic="p10")
    assert pair.seconds() == (2.0, 2.0)
    assert pair.log_ratio() == 0.0
    assert pair.log_ratio("median") == pytest.approx(np.log(2))
