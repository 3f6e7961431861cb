"""The rank-sum scan on seeded series: steps of known size and place, noise that remembers itself, and wild readings."""

import numpy as np
import pytest

from bench.stats.change_points import LEAST, LEVEL, changes, critical
from bench.stats.noise import noise

SERIES = 60  # a cell of the table; the bounds allow for chance at three standard errors


def series(seed, count, *, sd, memory=0.0, wild=0.0, step=0.0, at=0):
    """Log readings: noise of the given sd and autocorrelation, some readings too slow, and a step of the level."""
    random = np.random.default_rng(seed)
    fresh = random.normal(0, sd, count)
    values = fresh.copy()
    for index in range(1, count):
        values[index] = memory * values[index - 1] + np.sqrt(1 - memory**2) * fresh[index]
    late = random.random(count) < wild
    values[late] += np.abs(random.normal(0, 4 * sd, late.sum()))
    values[at:] += np.log1p(step)
    return values


def share(count, found, **noise):
    """The share of seeded series for which `found` holds of the changes."""
    return np.mean([bool(found(changes(series(seed, count, **noise)))) for seed in range(SERIES)])


@pytest.mark.parametrize(
    ("noise", "bound"),
    [
        ({"sd": 0.015}, 0.02),
        ({"sd": 0.03}, 0.05),
        ({"sd": 0.03, "memory": 0.4, "wild": 0.05}, 0.25),
        ({"sd": 0.03, "memory": 0.7}, 0.35),
    ],
)
def test_false_alarms_are_bounded_even_where_noise_remembers_itself(noise, bound):
    assert share(40, bool, **noise) <= bound


@pytest.mark.parametrize(
    ("noise", "step", "least"),
    [
        ({"sd": 0.015}, 0.05, 0.85),
        ({"sd": 0.015}, -0.05, 0.85),
        ({"sd": 0.03}, 0.10, 0.90),
        ({"sd": 0.03, "memory": 0.4, "wild": 0.05}, 0.25, 0.80),
    ],
)
def test_a_step_is_found_within_three_readings_of_its_place(noise, step, least):
    def near(found):
        return any(abs(one.index - 25) <= 3 and one.shift * step > 0 for one in found)

    assert share(50, near, **noise, step=step, at=25) >= least


def test_a_change_of_4_percent_counts_where_readings_are_quiet_and_hardly_where_not():
    """5 % is asked for where the noise of a window is above 1.5 %, which is an estimate of 2.2 % here."""

    def small(sd):
        found = [changes(series(seed, 40, sd=sd, step=0.042, at=20)) for seed in range(20)]
        return np.mean([any(abs(one.shift) < 0.05 for one in moves) for moves in found])

    assert small(0.008) >= 0.9
    assert small(0.022) <= 0.45


@pytest.mark.parametrize("sd", [0.012, 0.03])
@pytest.mark.parametrize("creep", [0.01, 0.02, -0.01])
def test_a_ramp_is_shown_as_one_from_end_to_end(creep, sd):
    ramps = [changes(series(seed, 40, sd=sd) + np.arange(40) * np.log1p(creep)) for seed in range(SERIES)]
    assert np.mean([bool(moves) for moves in ramps]) >= 0.95
    longest = [
        max((move for move in moves if move.kind == "ramp"), key=lambda move: move.high - move.low, default=None)
        for moves in ramps
    ]
    assert np.mean([move is not None and move.shift * creep > 0 for move in longest]) >= 0.95
    assert np.median([move.high - move.low for move in longest if move]) >= 30
    typical = np.median([move.shift for move in longest if move])
    assert abs(typical - np.expm1(38 * np.log1p(creep))) < 0.25 * abs(np.expm1(39 * np.log1p(creep)))


def test_a_ramp_that_ends_is_followed_by_none():
    values = series(4, 80, sd=0.01)
    values += np.log1p(0.01) * np.clip(np.arange(80) - 20, 0, 20)
    moves = changes(values)
    assert np.prod([1 + move.shift for move in moves]) == pytest.approx(1.01**20, abs=0.05)
    assert all(move.index <= 48 for move in moves)


def test_a_ramp_does_not_pass_for_readings_that_remember_the_last_one():
    from bench.stats.autocorrelation import autocorrelation
    from bench.stats.trend import trend

    values = series(2, 40, sd=0.015) + 0.01 * np.arange(40)
    assert autocorrelation(trend(values).rest, 2) < 0.3
    levels = np.concatenate([part - np.median(part) for part in np.split(values, 2)])
    assert autocorrelation(levels, 1) > 0.8  # about two levels it would


def test_the_autocorrelation_is_that_of_the_noise():
    from bench.stats.autocorrelation import autocorrelation
    from bench.stats.trend import trend

    for r in (0.4, 0.7):
        known = [autocorrelation(trend(series(seed, 40, sd=0.02, memory=r)).rest, 2) for seed in range(200)]
        assert np.mean(known) == pytest.approx(r, abs=0.1)


def test_a_short_series_shows_a_large_step():
    found = [changes(series(seed, 12, sd=0.02, step=0.25, at=6)) for seed in range(SERIES)]
    hit = np.mean(
        [len(one) == 1 and one[0].index == 6 and one[0].shift == pytest.approx(0.25, abs=0.08) for one in found]
    )
    assert hit >= 0.8


def test_a_regression_and_its_mending_are_two_changes():
    values = series(3, 90, sd=0.01)
    values[30:60] += np.log(1.2)
    found = changes(values)
    assert [one.shift > 0 for one in found] == [True, False]
    assert [abs(one.index - at) <= 1 for one, at in zip(found, (30, 60), strict=True)] == [True, True]
    assert all(one.low <= one.index <= one.high for one in found)


@pytest.mark.parametrize("step", [0.06, 0.12, 0.3])
def test_the_true_place_lies_in_the_range_that_is_told(step):
    found = [changes(series(seed, 40, sd=0.03, step=step, at=20)) for seed in range(SERIES)]
    held = [one[0].low <= 20 <= one[0].high for one in found if one]
    assert len(held) > SERIES / 4
    assert np.mean(held) >= 0.75


def test_a_step_too_small_to_matter_is_not_told():
    values = series(1, 80, sd=0.001)
    values[40:] += np.log(1.02)
    assert changes(values) == []


def test_one_wild_reading_is_no_change():
    values = series(1, 40, sd=0.01)
    values[20] += 2
    assert changes(values) == []


@pytest.mark.parametrize("count", [0, 1, 2 * LEAST - 1])
def test_too_few_readings_give_no_change(count):
    assert changes(np.arange(count) * 0.5) == []


def test_a_series_without_any_noise():
    assert changes(np.zeros(30)) == []
    (one,) = changes(np.repeat([0.0, 0.2], 15))
    assert one.index == 15


def test_the_critical_value_is_passed_as_often_as_it_says():
    from bench.stats.change_points import _scores

    random = np.random.default_rng(99)
    ranks = random.permuted(np.tile(np.arange(1.0, 21), (5000, 1)), axis=1)
    passed = (np.abs(_scores(ranks)).max(axis=1) > critical(20)).mean()
    assert passed == pytest.approx(LEVEL, abs=0.002)


def test_the_noise_of_single_readings_does_not_count_the_steps():
    values = series(5, 4000, sd=0.02)
    values[1000:] += 0.5
    assert noise(values) == pytest.approx(0.02, rel=0.05)
