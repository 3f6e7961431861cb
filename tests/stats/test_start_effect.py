"""The mean log ratio without what the start does: by hand on whole numbers."""

import numpy as np
import pytest

from bench.stats.start_effect import estimated


def test_it_lies_halfway_between_the_means_of_either_start():
    """Means 2 and 3 by the start; the rest is -1, -1, 1, 1 with two degrees of freedom."""
    estimate = estimated(np.array([1.0, 2.0, 3.0, 4.0]), [0, 1, 0, 1])
    assert estimate.mean == pytest.approx(2.5)
    assert estimate.freedom == 2
    assert estimate.spread == pytest.approx(np.sqrt(4 / 2))
    assert estimate.error == pytest.approx(np.sqrt(2) * np.sqrt((1 / 2 + 1 / 2) / 4))


def test_the_rarer_start_counts_as_much_and_costs_more():
    """Means 2 of three and 7 of one; the rest is -1, 0, 1, 0."""
    estimate = estimated(np.array([1.0, 2.0, 3.0, 7.0]), [0, 0, 0, 1])
    assert (estimate.mean, estimate.freedom, estimate.spread) == (pytest.approx(4.5), 2, pytest.approx(1.0))
    assert estimate.error == pytest.approx(np.sqrt((1 / 3 + 1) / 4))


@pytest.mark.parametrize("starts", [None, [0, 0, 0, 0], [1, 1, 1, 1]])
def test_a_start_that_is_always_the_same_side_stays_in_the_spread(starts):
    logs = np.array([1.0, 2.0, 3.0, 7.0])
    estimate = estimated(logs, starts)
    assert (estimate.mean, estimate.freedom) == (pytest.approx(3.25), 3)
    assert estimate.spread == pytest.approx(logs.std(ddof=1))
    assert estimate.error == pytest.approx(logs.std(ddof=1) / 2)


def test_runs_are_estimated_side_by_side_as_one_by_one():
    logs = np.random.default_rng(0).normal(size=(3, 5))
    starts = np.array([[0, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]])
    together = estimated(logs, starts)
    for at, single in enumerate(map(estimated, logs, starts)):
        assert [part[at] for part in together] == pytest.approx([float(part) for part in single])
