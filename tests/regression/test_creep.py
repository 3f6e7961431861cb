"""Creep and forgetting: seeded series of accepted runs through the real screening, suspects beside the real anchor."""

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.regression.screening import Terms, compare
from bench.regression.tolerances import Tolerances
from bench.stats.sequential_test import LOOKS, outcomes
from bench.store.summary import CellSummary
from bench.verdict.markdown import confidences

CELL = Cell("lenet5")
TERMS = Terms(Tolerances(), {CELL.id: 0.05}, {})
GAIN = -np.log(1.15)  # 13 % faster; lost again, 15 % slower
RUN, PAIR = 0.012, 0.02  # spread of runs, and of the log ratios of pairs


def reading(at, log_cost, **more):
    return CellSummary(cell=CELL, run=str(at), revision=f"{at:040x}", log_cost=float(log_cost), processes=3, **more)


def readings(levels, seed, spread=RUN):
    random = np.random.default_rng(seed)
    return [reading(at, level + random.normal(0, spread)) for at, level in enumerate(levels)]


def is_regression(screening, new, levels, random):
    """Whether the cell is a suspect and loses twice when measured beside the run that it is said to be held to."""
    if CELL.id not in screening.suspects:
        return False
    loss = levels[int(new.run)] - levels[int(screening.suspects[CELL.id].run)]
    twice, _ = outcomes(random.normal(loss, PAIR, (2, LOOKS[-1])))
    return bool((twice == "fail").all())


def found_at(levels, seed):
    """The place of the first run that is called a regression, each being accepted before; None without any."""
    every, random = readings(levels, seed), np.random.default_rng(seed + 1000)
    for at in range(1, len(every)):
        if is_regression(compare([every[at]], every[:at], TERMS), every[at], levels, random):
            return at
    return None


def cost_of(screening):
    (verdict,) = [verdict for verdict in screening.verdicts if verdict.metric == "relative_cost"]
    return verdict


@pytest.mark.slow
@pytest.mark.parametrize(
    ("creep", "most_lost"), [(0.005, 0.12), pytest.param(0.01, 0.12, marks=pytest.mark.slow), (0.02, 0.13)]
)
def test_what_is_lost_little_by_little_is_found_early(creep, most_lost):
    levels = np.arange(30) * np.log1p(creep)
    lost = [np.expm1(levels[at]) for seed in range(100) if (at := found_at(levels, seed)) is not None]
    assert len(lost) >= 95
    assert np.mean(np.array(lost) <= most_lost) >= 0.95


def test_nothing_is_found_where_nothing_creeps():
    assert [found_at(np.zeros(40), seed) for seed in range(50)] == [None] * 50


@pytest.mark.parametrize("before", [6, 10, 25])
@pytest.mark.parametrize("runs", [1, 2, 3, 5])
def test_a_gain_that_was_accepted_and_is_lost_again_is_found(runs, before):
    levels = [0.0] * before + [GAIN] * runs + [0.0]
    count = 0
    for seed in range(40):
        *stored, new = readings(levels, seed)
        count += is_regression(compare([new], stored, TERMS), new, levels, np.random.default_rng(seed))
    assert count >= 38


@pytest.mark.parametrize("steps", [[-0.04, -0.04, -0.08, -0.08, -0.12, -0.12], list(-0.01 * np.arange(1, 16))])
def test_what_was_gained_in_small_steps_cannot_be_lost_at_once(steps):
    levels = [0.0] * 10 + steps + [0.0]
    count = 0
    for seed in range(50):
        *stored, new = readings(levels, seed)
        count += is_regression(compare([new], stored, TERMS), new, levels, np.random.default_rng(seed))
    assert count >= 48


@pytest.mark.parametrize(("level", "runs"), [(GAIN, 1), (GAIN, 2), (GAIN, 5), (-GAIN, 2), (-GAIN, 5)])
def test_a_check_is_useful_within_two_runs_of_an_accepted_step(level, runs):
    """One slow run alone may be a disturbed one, so that a loss takes two to be another level."""
    useful = 0
    for seed in range(50):
        *stored, new = readings([0.0] * 10 + [level] * (runs + 1), seed)
        useful += cost_of(compare([new], stored, TERMS)).verdict in ("unchanged", "improved")
    assert useful >= 48


def test_a_wild_fast_run_is_no_segment_once_others_were_accepted_at_the_old_level():
    *stored, new = readings([0.0] * 10 + [GAIN] + [0.0] * 4, 3)
    verdict = cost_of(compare([new], stored, TERMS))
    assert (verdict.verdict, verdict.anchor.run) == ("unchanged", "0")


@pytest.mark.parametrize("spread", [0.012, 0.02])
def test_without_creep_a_check_by_stored_numbers_alone_is_seldom_inconclusive(spread):
    verdicts = []
    for seed in range(20):
        every = readings(np.zeros(30), seed, spread)
        verdicts += [cost_of(compare([every[at]], every[:at], TERMS)).verdict for at in range(5, 30)]
    assert np.mean([verdict == "inconclusive" for verdict in verdicts]) <= 0.03


def test_every_verdict_tells_the_change_since_the_anchor_although_nothing_is_suspect():
    *stored, new = readings(np.linspace(0, 0.03, 12), 1, spread=0.002)
    verdict = cost_of(compare([new], stored, TERMS))
    assert verdict.verdict == "unchanged"
    assert (verdict.anchor.run, verdict.anchor.revision, verdict.anchor.runs) == ("0", "0" * 40, 11)
    assert verdict.anchor.ratio.value == pytest.approx(1.027, abs=0.003)
    assert verdict.anchor.ratio.low < verdict.anchor.ratio.value < verdict.anchor.ratio.high
    assert "+2.5 % since the anchor 0 (0000000000), beyond chance" not in verdict.reason  # within the tolerance
    assert "since the anchor 0 (0000000000)" in verdict.reason


@pytest.mark.parametrize("loss", [0.1, 0.3])
def test_a_sudden_loss_is_told_whole_since_the_anchor(loss):
    *stored, new = readings([0.0] * 8 + [np.log1p(loss)], 4, spread=0.005)
    verdict = cost_of(compare([new], stored, TERMS))
    assert verdict.anchor.ratio.value == pytest.approx(1 + loss, abs=0.02)
    assert verdict.anchor.ratio.low < 1 + loss < verdict.anchor.ratio.high
    assert confidences([verdict]) == "intervals of 80 %, 98 % since the anchor"


def test_a_mark_begins_a_segment_whose_first_run_is_the_anchor():
    stored = readings([0.0] * 8 + [0.03] * 2, 2, spread=0.003)
    marked = [*stored[:8], reading(8, stored[8].log_cost, begins="reset"), stored[9]]
    new = reading(10, 0.031)
    assert cost_of(compare([new], stored, TERMS)).anchor.run == "0"
    verdict = cost_of(compare([new], marked, TERMS))
    assert (verdict.anchor.run, verdict.anchor.runs, verdict.ratio.n) == ("8", 2, 2)
    assert verdict.verdict == "unchanged"  # the spread is that of the segments before, too
    assert verdict.visible < 0.02


def test_a_peak_of_memory_that_grows_little_by_little_is_held_to_what_it_was():
    peaks = 2e7 * 1.01 ** np.arange(30)
    every = [reading(at, 0.0, peak_memory=float(peak)) for at, peak in enumerate(peaks)]
    for at in range(1, 30):
        (verdict,) = [
            verdict for verdict in compare([every[at]], every[:at], TERMS).verdicts if verdict.metric == "peak_memory"
        ]
        if verdict.verdict == "regressed":
            break
    assert peaks[at] / peaks[0] < 1.13


def test_accuracies_from_before_a_mark_are_forgotten():
    old = [reading(at, 0.0, accuracy={0: 0.95, 1: 0.951, 2: 0.949}, epochs=1) for at in range(6)]
    marked = reading(6, 0.0, accuracy={0: 0.99, 1: 0.991, 2: 0.989}, epochs=1, begins="reset")
    new = reading(7, 0.0, accuracy={0: 0.95, 1: 0.951, 2: 0.949}, epochs=1)
    (verdict,) = [verdict for verdict in compare([new], [*old, marked], TERMS).verdicts if verdict.metric == "accuracy"]
    assert verdict.before == pytest.approx(0.99)
    assert verdict.suspect
