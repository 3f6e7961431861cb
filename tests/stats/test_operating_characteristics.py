"""Operating characteristics: what resampling A/A pairs of one cell says of the gate, and that it is not too kind."""

from itertools import pairwise

import numpy as np
import pytest

from bench.stats.operating_characteristics import TOLERANCES, admissible, noise_of, rates, replayed
from bench.stats.sequential_test import LOOKS, TOLERANCE, outcomes

STARTS = np.arange(LOOKS[-1]) % 2


def pairs(sd, seed, count=40):
    return np.random.default_rng(seed).normal(0, sd, count)


QUIET, SHARED, LOUD = (noise_of(pairs(sd, seed)) for seed, sd in ((1, 0.01), (2, 0.025), (3, 0.2)))


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
    assert LOOKS[0] <= found.pairs <= 11


def test_rates_are_those_of_runs_drawn_anew():
    """A run fails or passes alone; a comparison fails where two independent runs do."""
    draw, shape = np.random.default_rng(9), (10_000, LOOKS[-1])
    equal = draw.choice(SHARED.deviations, shape) * draw.choice([-1, 1], shape)
    ends = outcomes(equal + np.log1p(0.03), TOLERANCE, starts=STARTS)[0]
    fails, passes = (ends == "fail").mean(), (ends == "pass").mean()
    expected = rates(SHARED, TOLERANCE, (0.03,))
    assert 0.2 < fails < 0.9
    assert expected.power[0] == pytest.approx(fails**2, abs=0.03)
    assert expected.missed[0] == pytest.approx(passes, abs=0.03)


def test_a_tolerance_is_at_most_half_again_the_one_before():
    """So that the smallest that is admitted is at most that much larger than need be."""
    assert 0 < TOLERANCES[0] < TOLERANCE < TOLERANCES[-1] < 0.5
    assert all(1 < later / earlier < 1.51 for earlier, later in pairwise(TOLERANCES))


def test_the_same_pool_gives_the_same_rates():
    assert rates(SHARED, 0.05) == rates(SHARED, 0.05)


def test_a_shift_of_all_pairs_is_a_bias_that_counts():
    """Identical sides that differ always the same way: random signs would hide what makes every comparison err."""
    biased = noise_of(np.abs(pairs(0.01, 1)) + 0.02)
    assert biased.bias == pytest.approx(0.028, abs=0.003)
    assert rates(biased, 0.03).passed < 0.5
    assert admissible(biased) is None  # nothing tells it from a loss of its size
    assert noise_of(pairs(0.01, 1)).bias == 0


def test_what_the_start_does_is_no_noise():
    logs, starts = pairs(0.01, 1), np.arange(40) % 2
    moved = noise_of(logs + 0.03 * (starts - 0.5), starts)
    assert moved.deviations == pytest.approx(noise_of(logs, starts).deviations)
    assert (moved.bias, moved.serial) == (0, 0)


def test_pairs_that_resemble_the_one_before_widen_the_noise():
    draw, logs = np.random.default_rng(4), [0.0]
    for _ in range(40):
        logs.append(0.8 * logs[-1] + draw.normal(0, 0.006))
    serial = noise_of(logs[1:])
    assert serial.serial > 0.4
    independent = noise_of(draw.permutation(logs[1:]))
    assert independent.serial == 0
    assert admissible(serial) > admissible(independent)


def test_independent_pairs_seldom_look_biased_or_serial():
    noises = [noise_of(pairs(0.02, seed, 15), np.arange(15) % 2) for seed in range(1000)]
    assert np.mean([noise.bias > 0 for noise in noises]) <= 0.02
    assert np.mean([noise.serial > 0 for noise in noises]) <= 0.02


def test_the_smallest_tolerance_grows_with_the_noise():
    found = [admissible(pool) for pool in (QUIET, SHARED, LOUD)]
    assert found[0] in {0.015, 0.02}
    assert found[1] in {0.03, 0.04}
    assert found[2] is None
    assert set(found) <= {*TOLERANCES, None}


@pytest.mark.parametrize(
    "sd", [0.005, pytest.param(0.01, marks=pytest.mark.slow), pytest.param(0.03, marks=pytest.mark.slow)]
)
def test_what_fifteen_pairs_admit_keeps_its_promises_for_the_cell_itself(sd):
    """Not for the pairs that were seen: for the cell, whose true spread may well be larger. Nine times in ten."""
    kept = []
    draw = np.random.default_rng(8)
    for seed in range(30):
        tolerance = admissible(noise_of(pairs(sd, seed, 15), np.arange(15) % 2)) or 1.0
        logs = draw.normal(0, sd, (2000, LOOKS[-1]))
        equal = outcomes(logs, tolerance, starts=STARTS)[0]
        slowed = outcomes(logs + np.log1p(tolerance), tolerance, starts=STARTS)[0]
        kept.append((equal == "pass").mean() >= 0.94 and (slowed == "fail").mean() ** 2 >= 0.89)
    assert np.mean(kept) >= 0.85


def test_pairs_in_their_own_order_make_runs():
    pool = [*np.random.default_rng(5).normal(0, 0.01, 12), *np.random.default_rng(6).normal(0.1, 0.01, 6), 0.0]
    assert replayed(pool) == ["pass", "pass", "fail"]
    assert replayed([0.0] * 5) == []


def test_what_the_start_does_is_taken_out_of_each_run():
    """Here the side that started first took a tenth longer: no run could be decided were that noise."""
    starts = [at // 2 % 2 for at in range(30)]
    logs = [0.2 * (start - 0.5) + noise for start, noise in zip(starts, pairs(0.002, 7, 30), strict=True)]
    assert replayed(logs, starts=starts) == ["pass"] * 5
    assert replayed(logs) == ["inconclusive"]


@pytest.mark.parametrize("tolerance", [0.02, 0.05])
def test_rates_are_shares(tolerance):
    found = rates(LOUD, tolerance)
    assert all(0 <= share <= 1 for share in (found.false_alarm, found.passed, *found.power, *found.missed))
