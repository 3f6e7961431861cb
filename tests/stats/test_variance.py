"""The share of a variance that a cause has: known on planted spreads, with an interval that holds what it says."""

import numpy as np
import pytest

from bench.stats.variance import share_of_cause


def test_the_share_is_what_the_cause_adds():
    share = share_of_cause([0.01, -0.01], [0.02, -0.02, 0.02])
    assert share.value == pytest.approx(0.75)
    assert share.n == 3
    assert share.low == 0.0
    assert share.high > 0.9


def test_a_cause_that_takes_away_has_no_share():
    assert share_of_cause([0.02, -0.02], [0.01, -0.01]).value == 0.0


@pytest.mark.parametrize(("alike", "unlike"), [([], [0.1]), ([0.1], []), ([0.1], [0.0, 0.0])])
def test_without_pairs_that_differ_there_is_none(alike, unlike):
    assert share_of_cause(alike, unlike) is None


@pytest.mark.parametrize("true", [0.3, 0.8])
@pytest.mark.parametrize("pairs", [4, 20])
def test_the_interval_holds_the_true_share_as_often_as_it_says(true, pairs):
    draw = np.random.default_rng(1)
    runs = 2000
    unlike = draw.normal(0, 0.02, (runs, pairs))
    alike = draw.normal(0, 0.02 * np.sqrt(1 - true), (runs, pairs))
    shares = [share_of_cause(*logs) for logs in zip(alike.tolist(), unlike.tolist(), strict=True)]
    held = np.mean([share.low <= true <= share.high for share in shares])
    assert 0.935 <= held <= 0.965
