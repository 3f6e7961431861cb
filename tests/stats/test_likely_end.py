"""Likely end: a run of the sequential test is expected to end where it does, most of the time."""

import numpy as np
import pytest

from bench.stats.likely_end import likely_end
from bench.stats.sequential_test import LOOKS, outcomes


def test_before_the_first_pair_equal_sides_of_a_quiet_machine_are_expected():
    assert likely_end([], 0.05) == (LOOKS[0], "pass")


def test_what_is_slower_without_a_doubt_is_expected_to_fail_at_the_next_look():
    assert likely_end([0.2, 0.21, 0.2, 0.19, 0.2], 0.05) == (LOOKS[0], "fail")
    assert likely_end([0.2, 0.21, 0.2, 0.19, 0.2, 0.2, 0.21], 0.05)[0] == LOOKS[1]


def test_much_noise_takes_all_pairs():
    assert likely_end([0.3, -0.3, 0.3, -0.3, 0.3, -0.3], 0.02) == (LOOKS[-1], "inconclusive")


@pytest.mark.parametrize("spread", [0.005, 0.02, 0.04, 0.08])
def test_after_five_pairs_the_number_to_come_is_right_for_the_most_part(spread):
    logs = np.random.default_rng(1).normal(0.0, spread, (200, LOOKS[-1]))
    _, pairs = outcomes(logs, 0.05)
    likely = np.array([likely_end(list(row[:5]), 0.05)[0] for row in logs])
    assert np.mean(np.abs(np.searchsorted(LOOKS, likely) - np.searchsorted(LOOKS, pairs)) <= 1) > 0.6
    assert likely.mean() == pytest.approx(pairs.mean(), rel=0.4)
