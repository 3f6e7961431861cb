"""The gate: its arithmetic by hand, then its error rates by seeded simulation of many kinds of noise."""

import numpy as np
import pytest
from scipy import stats

from bench.stats import sequential_test
from bench.stats.sequential_test import ALPHA, LOOKS, Look, confirmed, deciding_look, look, outcomes

LOGS = [0.01, -0.02, 0.03, 0.0, 0.02, -0.01]
RUNS, CAP = 40_000, LOOKS[-1]
SD = 0.025  # the design's figure for a shared machine
STARTS = np.arange(CAP) % 2


def test_the_half_width_is_that_of_t_at_alpha_over_the_looks():
    found = look(LOGS)
    assert found.mean == pytest.approx(0.005)
    assert found.half == pytest.approx(stats.t.ppf(1 - 0.005 / 5, 5) * np.std(LOGS, ddof=1) / np.sqrt(6))
    assert (found.n, found.freedom) == (6, 5)
    assert found.spread == pytest.approx(np.std(LOGS, ddof=1))
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


def test_what_the_start_does_is_taken_out():
    """Exactly as least squares with an intercept and the start, -1/2 or 1/2, would."""
    starts = [0, 1, 1, 0, 0, 1, 0]
    logs = [*LOGS, 0.005]
    found = look(logs, starts=starts)
    design = np.column_stack([np.ones(7), np.array(starts) - 0.5])
    (mean, _), [squares], *_ = np.linalg.lstsq(design, np.array(logs))
    error = np.sqrt(squares / 5 * np.linalg.inv(design.T @ design)[0, 0])
    assert found.mean == pytest.approx(mean)
    assert found.half == pytest.approx(stats.t.ppf(1 - 0.005 / 5, 5) * error)
    moved = look(list(np.array(logs) + 0.3 * np.array(starts)), starts=starts)
    assert moved.mean == pytest.approx(found.mean + 0.15)
    assert moved.half == pytest.approx(found.half)


def test_a_run_that_ends_early_is_inconclusive_where_it_would_have_gone_on():
    logs = [3 * one for one in LOGS]
    assert look(logs).outcome == "continue"
    assert look(logs, last=True).outcome == "inconclusive"


def test_the_deciding_look_of_a_run_that_ended_takes_in_all_of_its_pairs():
    logs = [3 * one for one in LOGS] + [0.0]
    assert deciding_look(logs, 0.05) == look(logs[:6])
    assert deciding_look(logs, 0.05, ended=True) == look(logs, last=True)
    assert deciding_look(logs[:6], 0.05, ended=True) == look(logs[:6], last=True)
    assert deciding_look(logs[:5], 0.05, ended=True) is None
    quiet = [one / 5 for one in LOGS]
    assert deciding_look([*quiet, 5.0], 0.05, ended=True) == look(quiet)  # that decided, whatever came after


def test_identical_ratios_are_decided_without_a_spread():
    assert look([0.0] * 6).outcome == "pass"
    assert look([0.1] * 6).outcome == "fail"


def test_many_runs_at_once_are_decided_as_one_by_one():
    logs = np.random.default_rng(1).normal(0.02, 0.04, (300, CAP))
    found, pairs = outcomes(logs, 0.05, starts=STARTS)
    for run, outcome, used in zip(logs, found, pairs, strict=True):
        by_hand = [look(run[:at], 0.05, starts=STARTS[:at]) for at in LOOKS]
        first = next((one for one in by_hand if one.outcome != "continue"), by_hand[-1])
        assert (first.outcome, first.n) == (outcome, used)
    assert {*found} == {"pass", "fail", "inconclusive"}


def test_two_runs_must_fail_for_a_loss():
    slow, quick = look([0.1] * 5 + [0.11]), look(LOGS)
    assert confirmed(slow, slow)
    assert not confirmed(slow, quick)


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


def heavy(draw, sd):
    """Student's t with three degrees of freedom: now and then a pair is far out."""
    return draw.standard_t(3, (RUNS, CAP)) * sd / np.sqrt(3)


def wild(draw, sd):
    """Without a variance at all."""
    return draw.standard_cauchy((RUNS, CAP)) * sd / 4


def two_states(draw, sd):
    """Each process is in one of two states for life and hardly differs else, the worst for any t test."""
    states = draw.integers(0, 2, (2, RUNS, CAP))
    return (states[1] - states[0]) * np.sqrt(2) * sd + draw.normal(0, sd / 50, (RUNS, CAP))


NOISES = (normal, shared, drifting, bimodal, heavy, two_states)
SEEDS = {noise: at for at, noise in enumerate((*NOISES, wild), 20261122)}


def simulated(noise, slowdown, tolerance=0.05, sd=SD, effect=0.0):
    """Shares of runs that fail and that pass, and the mean number of pairs."""
    logs = noise(np.random.default_rng(SEEDS[noise]), sd) + np.log1p(slowdown) + effect * (STARTS - 0.5)
    found, pairs = outcomes(logs, tolerance, starts=STARTS)
    return (found == "fail").mean(), (found == "pass").mean(), pairs.mean()


@pytest.mark.parametrize("noise", NOISES)
def test_the_noises_have_the_spread_they_claim(noise):
    assert noise(np.random.default_rng(0), SD).std() == pytest.approx(SD, rel=0.06)


@pytest.mark.parametrize("effect", [-0.03, 0.0, 0.03])
@pytest.mark.parametrize("tolerance", [0.03, 0.05])
@pytest.mark.parametrize("noise", [*NOISES, wild])
def test_either_error_of_a_run_stays_below_its_promise(noise, tolerance, effect):
    """At most 1 % of equal sides fail in a single run, and at most 2 % of losses as large as the tolerance pass."""
    assert simulated(noise, 0.0, tolerance, effect=effect)[0] <= 0.01
    assert simulated(noise, tolerance, tolerance, effect=effect)[1] <= 0.02


@pytest.mark.parametrize("noise", [normal, shared, drifting, bimodal])
def test_equal_builds_pass(noise):
    failed, passed, pairs = simulated(noise, 0.0)
    assert failed <= 0.005
    assert passed >= 0.99
    assert pairs <= 11


def test_on_normal_noise_the_rates_are_those_of_the_levels():
    failed, _, pairs = simulated(normal, 0.0)
    assert failed <= 0.001
    assert pairs <= 9.5
    found, _, pairs = simulated(normal, 0.05)
    assert found >= 0.995
    assert pairs <= 9.5


def test_a_start_effect_costs_nothing():
    """Three percent, more than the noise: unbalanced, it would make every second comparison fail."""
    assert simulated(normal, 0.0, effect=0.03) == pytest.approx(simulated(normal, 0.0))
    assert simulated(normal, 0.05, effect=-0.03) == pytest.approx(simulated(normal, 0.05))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("slowdown", [0.0, 0.03])
def test_the_interval_covers_what_it_says(noise, slowdown):
    """99 % by Bonferroni over the looks; what stops at the first one covers more, and nothing as much as 100 %."""
    logs = noise(np.random.default_rng(SEEDS[noise]), SD)[:1500] + slowdown
    looks = [deciding_look(run, 0.05, starts=STARTS) for run in logs]
    covered = np.mean([abs(one.mean - slowdown) <= one.half for one in looks])
    assert covered >= 1 - 2 * ALPHA - 0.01


@pytest.mark.slow
def test_the_interval_on_normal_noise_covers_no_more_than_it_says_either():
    for sd, tolerance in ((0.015, 0.03), (0.025, 0.03), (0.04, 0.05)):
        logs = np.random.default_rng(9).normal(0, sd, (15_000, CAP))
        looks = [deciding_look(run, tolerance, starts=STARTS) for run in logs]
        covered = np.mean([abs(one.mean) <= one.half for one in looks])
        assert covered == pytest.approx(1 - 2 * ALPHA, abs=0.01)


def test_a_tolerance_of_three_percent_costs_more_pairs():
    failed, _, pairs = simulated(normal, 0.0, tolerance=0.03)
    assert failed <= 0.005
    assert pairs == pytest.approx(15, abs=0.5)
    assert simulated(normal, 0.03, tolerance=0.03)[0] >= 0.99


@pytest.mark.parametrize("noise", NOISES)
def test_a_second_run_makes_false_alarms_as_good_as_impossible(noise):
    failed = simulated(noise, 0.0)[0]
    assert failed**2 < 1e-4


@pytest.mark.parametrize("noise", [normal, shared, drifting, bimodal])
def test_nearly_every_slowdown_of_five_to_ten_percent_is_found(noise):
    draw = np.random.default_rng(4)
    logs = noise(draw, SD) + np.log1p(draw.uniform(0.05, 0.10, (RUNS, 1)))
    found, pairs = outcomes(logs, 0.05, starts=STARTS)
    assert (found == "fail").mean() >= 0.995
    assert (found == "pass").mean() <= 0.002
    assert pairs.mean() <= 8.5


@pytest.mark.parametrize("noise", NOISES)
def test_ten_percent_is_found_in_both_runs(noise):
    failed, passed, _ = simulated(noise, 0.10)
    assert failed**2 >= 0.99
    assert passed <= 0.001


@pytest.mark.parametrize(("tolerance", "pairs"), [(0.02, 15), (0.03, 8), (0.05, 6.2)])
def test_a_quiet_machine_needs_few_pairs(tolerance, pairs):
    failed, passed, mean = simulated(normal, 0.0, tolerance, sd=0.01)
    assert mean <= pairs
    assert failed + passed >= 0.999


def test_the_levels_of_the_rule():
    assert sequential_test.LOOKS == (6, 9, 13, 20, 30)
    assert (sequential_test.ALPHA, sequential_test.TOLERANCE) == (0.005, 0.05)
    assert isinstance(look(LOGS), Look)
