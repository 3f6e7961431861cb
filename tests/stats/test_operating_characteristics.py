import numpy as np
import pytest

from bench.stats.operating_characteristics import TOLERANCES, admissible, rates, replayed
from bench.stats.sequential_test import LOOKS, TOLERANCE

QUIET, SHARED, LOUD = (np.random.default_rng(seed).normal(0, sd, 40) for seed, sd in ((1, 0.01), (2, 0.025), (3, 0.2)))


def test_the_design_s_machine_at_the_default_tolerance():
    found = rates(SHARED, TOLERANCE)
    assert found.false_alarm <= 0.005
    assert found.false_failure == found.false_alarm**2
    assert found.passed >= 0.99
    by_size = dict(zip(found.slowdowns, found.power, strict=True))
    assert by_size[0.02] < by_size[0.03] < by_size[0.05] <= by_size[0.10]
    assert by_size[0.05] >= 0.98
    assert by_size[0.10] >= 0.999
    assert found.missed[-1] == 0
    assert LOOKS[0] <= found.pairs <= 9


def test_the_same_pool_gives_the_same_rates():
    assert rates(SHARED, 0.05) == rates(SHARED, 0.05)


def test_a_shift_of_all_pairs_is_no_slowdown():
    """Which side of a pair is the first is arbitrary: signs are drawn."""
    pool = np.abs(QUIET) + 0.001
    assert rates(pool, 0.05).false_alarm <= 0.005


def test_the_smallest_tolerance_grows_with_the_noise():
    found = [admissible(pool) for pool in (QUIET, SHARED, LOUD)]
    assert found[0] in {0.01, 0.015, 0.02}
    assert found[1] in {0.025, 0.03, 0.04}
    assert found[0] < found[1]
    assert found[2] is None or found[2] >= 0.15
    assert admissible(5 * LOUD) is None
    assert set(found) <= {*TOLERANCES, None}


def test_what_is_admissible_does_what_it_promises():
    tolerance = admissible(SHARED)
    found = rates(SHARED, tolerance, (tolerance,))
    assert found.false_alarm <= 0.01
    assert found.passed >= 0.95
    assert found.power[0] >= 0.90


def test_pairs_in_their_own_order_make_runs():
    pool = [*np.random.default_rng(5).normal(0, 0.01, 12), *np.random.default_rng(6).normal(0.1, 0.01, 6), 0.0]
    assert replayed(pool) == ["pass", "pass", "fail"]
    assert replayed([0.0] * 5) == []


@pytest.mark.parametrize("tolerance", [0.02, 0.05])
def test_rates_are_shares(tolerance):
    found = rates(LOUD, tolerance)
    assert all(0 <= share <= 1 for share in (found.false_alarm, found.passed, *found.power, *found.missed))
