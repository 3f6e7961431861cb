"""A cell's cost against its segment, by hand: what makes it a suspect, a gain, or neither."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.regression.cost import COARSEST, beyond_anchor, judge_cost
from bench.regression.segment import Segment
from bench.stats.interval import Interval
from bench.stats.prediction import Spread
from bench.store.summary import CellSummary

BASE = CellSummary(cell=Cell("mlp"), run="old", revision="a" * 40)
STILL = Spread(0.0, 0.0, 7.0)  # readings that do not differ at all: only the tolerance is left
COUNT = 8


def segment(spread, logs=(0.0,) * COUNT, missing=0):
    readings = tuple(replace(BASE, run=f"run{at}", log_cost=value) for at, value in enumerate(logs))
    return Segment(readings, tuple(logs), spread, missing)


def judged(log_cost, spread=STILL, tolerance=0.05, logs=(0.0,) * COUNT):
    return judge_cost(replace(BASE, log_cost=log_cost), segment(spread, logs), tolerance)


LIMIT = float(np.log1p(0.05))


@pytest.mark.parametrize(
    ("log_cost", "verdict", "suspect"),
    [
        (0.0, "unchanged", False),
        (LIMIT, "unchanged", False),  # all that is allowed
        (np.nextafter(LIMIT, 1), "inconclusive", True),
        (-LIMIT, "unchanged", False),
        (np.nextafter(-LIMIT, -1), "improved", False),
    ],
)
def test_without_noise_the_tolerance_decides(log_cost, verdict, suspect):
    cost = judged(log_cost)
    assert (cost.verdict, cost.suspect) == (verdict, suspect)


def test_what_is_predicted_of_one_run_in_ten_is_no_suspect():
    spread = Spread(0.04, 0.04, 7.0)
    half = stats.t.ppf(0.9, 7) * 0.04 * np.sqrt(1 + 1 / COUNT)
    assert half > LIMIT
    assert judged(half - 1e-9, spread).verdict == "unchanged"
    cost = judged(half + 1e-9, spread)
    assert (cost.verdict, cost.suspect) == ("inconclusive", True)
    ends = tuple(np.exp([half + 1e-9, 1e-9, 2 * half + 1e-9]))
    assert (cost.ratio.value, cost.ratio.low, cost.ratio.high) == pytest.approx(ends)
    assert (cost.ratio.n, cost.confidence, cost.visible) == (
        COUNT,
        pytest.approx(0.8),
        pytest.approx(np.expm1(2 * half)),
    )
    assert (cost.before, cost.after) == pytest.approx((1.0, np.exp(half + 1e-9)))


def test_a_gain_lies_beyond_one_run_in_a_hundred_and_beyond_what_drifts():
    spread = Spread(0.01, 0.04, 7.0)
    sure = stats.t.ppf(0.99, 7) * 0.04 * np.sqrt(1 + 1 / COUNT)
    assert judged(-sure + 1e-9, spread).verdict == "unchanged"
    assert judged(-sure - 1e-9, spread).verdict == "improved"


def test_runs_too_unlike_to_show_a_fifth_acquit_nothing():
    half = np.log1p(COARSEST) / 2
    single = half / (stats.t.ppf(0.9, 7) * np.sqrt(1 + 1 / COUNT))
    fine, coarse = (Spread(single * factor, single * factor, 7.0) for factor in (0.999, 1.001))
    assert judged(0.0, fine).verdict == "unchanged"
    calm, risen = judged(0.0, coarse), judged(LIMIT + 0.01, coarse)
    assert (calm.verdict, calm.suspect) == ("inconclusive", False)
    assert (risen.verdict, risen.suspect) == ("inconclusive", True)
    assert "too unlike to show less than 20 %" in calm.reason
    assert risen.reason.startswith("suspect: ")
    assert "accept more runs" in calm.remedy


def test_what_crept_since_the_anchor_is_a_suspect_although_each_run_was_as_predicted():
    logs = tuple(0.01 * np.arange(COUNT))
    cost = judged(0.08, Spread(0.01, 0.03, 7.0), logs=logs)
    reach = stats.t.ppf(0.99, 7) * 0.01
    assert beyond_anchor(cost)
    assert (cost.verdict, cost.suspect) == ("inconclusive", True)
    anchor = cost.anchor
    assert (anchor.run, anchor.revision, anchor.runs, anchor.risen) == ("run0", "a" * 40, COUNT, True)
    low, high = (0.08 - 0.01 + sign * reach * np.sqrt(1 + 1 / 3) for sign in (-1, 1))
    assert (anchor.ratio.value, anchor.ratio.low, anchor.ratio.high) == pytest.approx(tuple(np.exp([0.07, low, high])))
    assert anchor.confidence == pytest.approx(0.98)
    assert "+7.3 % since the anchor run0 (aaaaaaaaaa), and +6.2 % by the last runs, beyond chance" in cost.reason
    assert not beyond_anchor(judged(0.0, Spread(0.01, 0.03, 7.0), logs=logs))


def test_without_a_spread_it_says_how_far_it_moved_and_what_is_missing():
    cost = judge_cost(replace(BASE, log_cost=0.2), segment(None, (0.0, 0.1), missing=3), 0.05)
    assert (cost.verdict, cost.suspect) == ("inconclusive", False)
    assert cost.ratio == Interval(pytest.approx(np.exp(0.15)), None, None, 2)
    assert (cost.before, cost.after) == pytest.approx((np.exp(0.05), np.exp(0.2)))
    assert cost.reason == "16.2 % slower than the stored runs, but 2 stored runs cannot tell how much runs differ"
    assert cost.remedy.startswith("accept 3 more ")
    assert (cost.anchor.confidence, cost.anchor.ratio.low, cost.anchor.risen) == (None, None, False)


@pytest.mark.parametrize(("log_cost", "where"), [(None, "this run"), (0.1, "the baseline")])
def test_without_a_cost_of_either_side_nothing_is_judged(log_cost, where):
    cost = judge_cost(replace(BASE, log_cost=log_cost), segment(STILL) if log_cost is None else None, 0.05)
    assert (cost.verdict, cost.ratio) == ("inconclusive", None)
    assert f"no cost relative to the reference in {where}" in cost.reason


@pytest.mark.parametrize(
    ("log_cost", "words"), [(0.01, "1.0 % slower"), (-0.01, "1.0 % faster"), (0.0, "0.0 % faster")]
)
def test_the_reason_says_which_way(log_cost, words):
    assert judged(log_cost).reason.startswith(f"{words} than the stored runs, ")
