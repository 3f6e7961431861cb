"""The prediction of the next reading and the move of a series: by hand on whole numbers, quantiles by scipy."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.prediction import FEW, LEAST_RUNS, WINDOW, Move, Spread, moved, predict, spread_of

RISING = [0.0, 1.0, 2.0, 3.0, 4.0]  # differences of 1; 10 is the sum of squares about their mean
SPREAD = Spread(0.5, 0.8, 7.0)


def test_the_spread_comes_from_differences_within_each_segment():
    """Of 2, 2, 2 and 4: half their mean square is 3.5; about the means of the segments it is (4 + 8) / 4."""
    spread = spread_of([[0.0, 2.0, 0.0, 2.0], [], [10.0, 14.0]])
    assert (spread.single, spread.whole) == pytest.approx((np.sqrt(3.5), np.sqrt(3.5)))
    assert spread.freedom == pytest.approx(2 * 4**2 / (3 * 4 - 1))


def test_what_drifts_adds_to_the_whole_spread_alone():
    spread = spread_of([RISING])
    assert (spread.single, spread.whole) == pytest.approx((np.sqrt(0.5), np.sqrt(2.5)))


@pytest.mark.parametrize("segments", [[], [[1.0]], [RISING[:4]], [[0.0, 1.0], [5.0], [0.0, 1.0, 2.0]]])
def test_fewer_differences_than_five_runs_have_tell_no_spread(segments):
    assert LEAST_RUNS == 5
    assert spread_of(segments) is None
    assert spread_of([*segments, [7.0, 8.0, 7.0, 8.0, 7.0]]) is not None
    assert predict(RISING[:4]) is None


def test_the_prediction_is_the_t_interval_of_one_more_reading():
    expected, freedom = predict(RISING), 32 / 11
    assert (expected.mean, expected.n) == (2.0, 5)
    assert expected.half == pytest.approx(stats.t.ppf(0.9, freedom) * np.sqrt(0.5) * np.sqrt(1 + 1 / 5))
    assert expected.sure == pytest.approx(stats.t.ppf(0.99, freedom) * np.sqrt(2.5) * np.sqrt(1 + 1 / 5))
    assert expected.visible == pytest.approx(np.exp(2 * expected.half) - 1)


def test_a_spread_that_others_tell_serves_a_single_reading():
    expected = predict([3.0], SPREAD)
    assert (expected.mean, expected.n) == (3.0, 1)
    assert expected.half == pytest.approx(stats.t.ppf(0.9, 7) * 0.5 * np.sqrt(2))
    assert expected.sure == pytest.approx(stats.t.ppf(0.99, 7) * 0.8 * np.sqrt(2))


def test_the_latest_readings_alone_predict():
    expected = predict([1000.0, *range(WINDOW)], SPREAD)
    assert (expected.mean, expected.n) == (9.5, 20)


@pytest.mark.parametrize(
    ("logs", "few", "value", "smooth"),
    [
        ([1.0, 4.0], 1, 3.0, 3.0),
        ([1.0, 9.0, 4.0], 1, 3.0, 3.0),
        ([1.0, 3.0, 50.0, 10.0, 20.0], 2, 18.0, 13.0),
        ([1.0, 2.0, 3.0, 10.0, 20.0, 30.0], 3, 28.0, 18.0),
        ([1.0, 2.0, 3.0, 7.0, 7.0, 7.0, 7.0, 10.0, 20.0, 30.0], FEW, 28.0, 18.0),
    ],
)
def test_a_move_is_told_by_the_last_reading_and_by_the_last_few(logs, few, value, smooth):
    move = moved(logs, SPREAD)
    reach = stats.t.ppf(0.99, 7) * 0.5
    assert (move.value, move.smooth) == pytest.approx((value, smooth))
    assert move.half == pytest.approx(reach * np.sqrt(1 + 1 / few))
    assert move.smooth_half == pytest.approx(reach * np.sqrt(2 / few))
    assert moved(logs, None) == Move(move.value, None, move.smooth, None)


@pytest.mark.parametrize(
    ("smooth", "half", "beyond", "risen"),
    [
        (0.10, 0.05, 0.08, True),
        (0.10, 0.08, 0.05, True),
        (0.10, 0.05, 0.10, False),
        (0.10, 0.10, 0.05, False),
        (-0.10, 0.05, 0.08, False),
        (0.10, None, 0.05, False),
    ],
)
def test_it_has_risen_where_the_last_few_lie_beyond_chance_and_the_limit(smooth, half, beyond, risen):
    assert Move(0.0, half, smooth, half).has_risen(beyond) is risen


def test_next_readings_lie_below_the_screen_as_often_as_it_says():
    random = np.random.default_rng(5)
    rows = random.normal(0, 0.02, (4000, 9))
    expected = [predict(list(row[:8])) for row in rows]
    below = np.mean([row[8] < one.mean + one.half for row, one in zip(rows, expected, strict=True)])
    assert below == pytest.approx(0.90, abs=0.015)
