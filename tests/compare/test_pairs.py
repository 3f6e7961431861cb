"""Duet, from the parent's side: which quantile of the steps stands for a side."""

import numpy as np
import pytest

from bench.compare.pairs import Pair, location
from bench.plan.cell import Cell


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((Cell("mlp", threads=1), Cell("lenet5", threads=1)), "p10"),
        ((Cell("mlp", threads=1), Cell("mlp", threads=2)), "p25"),
        ((Cell("mlp", threads=1, device="cuda:0"),), "p25"),
    ],
)
def test_the_quantile_that_repeats_best_depends_on_the_threads(cells, expected):
    assert location(*cells) == expected


def test_a_log_ratio_is_of_that_quantile():
    steps = np.arange(1.0, 12.0)
    pair = Pair(steps, np.where(steps > 3, 2 * steps, steps), {}, 0, statistic="p10")
    assert pair.seconds() == (2.0, 2.0)
    assert pair.log_ratio() == 0.0
    assert pair.log_ratio("median") == pytest.approx(np.log(2))
