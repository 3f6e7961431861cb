"""The gate: its arithmetic by hand, then its error rates by seeded simulation of four kinds of noise."""

import numpy as np
import pytest
from scipy import stats

from bench.stats import sequential_test
from bench.stats.sequential_test import LOOKS, Look, confirmed, geometric_mean, joint_p, look, outcomes, visible_change

LOGS = [0.01, -0.02, 0.03, 0.0, 0.02, -0.01]
RUNS, CAP = 40_000, LOOKS[-1]
SD = 0.025  # the design's figure for a shared machine


def test_the_half_width_is_that_of_t_at_alpha_over_the_looks():
    found = look(LOGS)
    assert found.mean == pytest.approx(0.005)
    assert found.half == pytest.approx(stats.t.ppf(1 - 0.01 / 5, 5) * np.std(LOGS, ddof=1) / np.sqrt(6))
    assert found.n == 6
    assert found.p == pytest.approx(min(1, 5 * stats.ttest_1samp(LOGS, 0, alternative="greater").pvalue))
    assert found.ratio.value == pytest.approx(np.exp(0.005))
    assert found.ratio.low < found.ratio.value < found.ratio.high


@pytest.mark.parametrize(
    ("shift", "spread", "count", "outcome"),
    [
        (0.0, 0.2, 6, "pass"),
        (-0.3, 1.0, 6, "pass"),
        (0.02, 0.2, 6, "pass"),  # slower for certain, and by less than the tolerance for certain
        (0.1, 0.2, 6, "fail"),
        (0.0, 3.0, 6, "continue"),
        (0.01, 3.0, 30, "inconclusive"),
        (0.2, 3.0, 30, "fail"),
    ],
)
def test_three_ways_out(shift, spread, count, outcome):
    logs = [shift + spread * one for one in (LOGS * 5)[:count]]
    assert look(logs).outcome == outcome


def test_a_run_that_ends_early_is_inconclusive_where_it_would_have_gone_on():
    logs = [3 * one for one in LOGS]
    assert look(logs).outcome == "continue"
    assert look(logs, last=True).outcome == "inconclusive"


def test_identical_ratios_are_decided_without_a_spread():
    assert look([0.0] * 6).outcome == "pass"
    assert look([0.1] * 6).outcome == "fail"


def test_many_runs_at_once_are_decided_as_one_by_one():
    logs = np.random.default_rng(1).normal(0.02, 0.04, (300, CAP))
    found, pairs = outcomes(logs, 0.05)
    for run, outcome, used in zip(logs, found, pairs, strict=True):
        by_hand = [look(run[:at], 0.05) for at in LOOKS]
        first = next((one for one in by_hand if one.outcome != "continue"), by_hand[-1])
        assert (first.outcome, first.n) == (outcome, used)
    assert {*found} == {"pass", "fail", "inconclusive"}


def test_the_smallest_visible_change_is_seen_nine_times_in_ten():
    spread, count = 0.03, CAP
    half = stats.t.ppf(1 - 0.01 / 5, count - 1) * spread / np.sqrt(count)
    change = visible_change(half, count)
    logs = np.random.default_rng(2).normal(np.log1p(change), spread, (20_000, count))
    error = logs.std(axis=1, ddof=1) / np.sqrt(count)
    seen = (logs.mean(axis=1) - stats.t.ppf(1 - 0.01 / 5, count - 1) * error > 0).mean()
    assert seen == pytest.approx(0.9, abs=0.02)


def test_two_runs_must_fail_for_a_loss():
    slow, quick = look([0.1] * 5 + [0.11]), look(LOGS)
    assert confirmed(slow, slow)
    assert not confirmed(slow, quick)
    assert joint_p(slow, quick) == pytest.approx(quick.p**2)


def test_the_geometric_mean_finds_a_loss_too_small_for_any_cell():
    draw = np.random.default_rng(3)
    cells = [np.log(1.02) + 0.025 * stats.zscore(draw.normal(size=9), ddof=1) for _ in range(8)]
    assert all(look(cell).outcome == "continue" for cell in cells)
    common = geometric_mean(cells)
    assert common.outcome == "fail"
    assert common.ratio.value == pytest.approx(1.02)


def test_the_geometric_mean_of_one_cell_is_that_cell():
    one, alone = geometric_mean([LOGS]), look(LOGS, last=True)
    assert (one.outcome, one.n) == (alone.outcome, alone.n)
    assert one.half == pytest.approx(alone.half)


def normal(draw, sd):
    """A quiet machine."""
    return draw.normal(0, sd, (RUNS, CAP))


def shared(draw, sd):
    """A shared machine: neighbours come in one pair of five, on either side of it, and only ever add time."""
    hit = draw.random((RUNS, CAP)) < 0.2
    return draw.normal(0, sd / 2, (RUNS, CAP)) + hit * draw.choice([-1, 1], (RUNS, CAP)) * draw.exponential(
        1.35 * sd, (RUNS, CAP)
    )


def drifting(draw, sd):
    """A spread that wanders by a factor of two within a run, and log ratios that follow the ones before them."""
    scale = np.exp(np.log(2) * np.sin(np.linspace(0, 3, CAP) + draw.uniform(0, 6, (RUNS, 1))))
    steps = draw.normal(0, 1, (RUNS, CAP))
    steps[:, 1:] = 0.98 * steps[:, 1:] + 0.2 * steps[:, :-1]
    return sd * steps * scale / np.sqrt(np.mean(scale**2))


def bimodal(draw, sd):
    """Each process is in one of two states for life, so that a log ratio has three modes."""
    states = draw.integers(0, 2, (2, RUNS, CAP))
    return (states[1] - states[0]) * 1.2 * sd + draw.normal(0, sd / 2, (RUNS, CAP))


NOISES = (normal, shared, drifting, bimodal)
SEEDS = {noise: at for at, noise in enumerate(NOISES, 20261122)}


def simulated(noise, slowdown, tolerance=0.05, sd=SD):
    """Shares of runs that fail and that pass, and the mean number of pairs."""
    logs = noise(np.random.default_rng(SEEDS[noise]), sd) + np.log1p(slowdown)
    found, pairs = outcomes(logs, tolerance)
    return (found == "fail").mean(), (found == "pass").mean(), pairs.mean()


@pytest.mark.parametrize("noise", NOISES)
def test_the_noises_have_the_spread_they_claim(noise):
    assert noise(np.random.default_rng(0), SD).std() == pytest.approx(SD, rel=0.06)


@pytest.mark.parametrize("noise", NOISES)
def test_one_run_in_hundreds_of_equal_builds_fails(noise):
    failed, passed, pairs = simulated(noise, 0.0)
    assert failed <= 0.006
    assert passed >= 0.99
    assert pairs <= 11


def test_on_normal_noise_the_rates_are_within_the_design_s():
    failed, _, pairs = simulated(normal, 0.0)
    assert failed <= 0.0014
    assert pairs <= 8
    found, _, pairs = simulated(normal, 0.05)
    assert found >= 0.996
    assert pairs <= 8


def test_a_tolerance_of_three_percent_costs_more_pairs():
    failed, _, pairs = simulated(normal, 0.0, tolerance=0.03)
    assert failed <= 0.006
    assert pairs == pytest.approx(12.5, abs=0.5)
    assert simulated(normal, 0.03, tolerance=0.03)[0] >= 0.992


@pytest.mark.parametrize("noise", NOISES)
def test_a_second_run_makes_false_alarms_as_good_as_impossible(noise):
    failed = simulated(noise, 0.0)[0]
    assert failed**2 < 1e-4


@pytest.mark.parametrize("noise", NOISES)
def test_nearly_every_slowdown_of_five_to_ten_percent_is_found(noise):
    draw = np.random.default_rng(4)
    logs = noise(draw, SD) + np.log1p(draw.uniform(0.05, 0.10, (RUNS, 1)))
    found, pairs = outcomes(logs, 0.05)
    assert (found == "fail").mean() >= 0.996
    assert (found == "pass").mean() <= 0.002
    assert pairs.mean() <= 8


@pytest.mark.parametrize("noise", NOISES)
def test_ten_percent_is_found_in_both_runs(noise):
    failed, passed, _ = simulated(noise, 0.10)
    assert failed**2 >= 0.995
    assert passed == 0


@pytest.mark.parametrize(("tolerance", "pairs"), [(0.02, 13), (0.03, 8), (0.05, 6)])
def test_a_quiet_machine_needs_no_more_than_the_design_s_number_of_pairs(tolerance, pairs):
    failed, passed, mean = simulated(normal, 0.0, tolerance, sd=0.01)
    assert mean <= pairs + 0.01
    assert failed + passed >= 0.999


def test_the_levels_of_the_rule_are_the_design_s():
    assert sequential_test.LOOKS == (6, 9, 13, 20, 30)
    assert (sequential_test.ALPHA, sequential_test.TOLERANCE) == (0.01, 0.05)
    assert isinstance(look(LOGS), Look)
