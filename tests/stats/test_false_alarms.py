"""False alarms of history, looked at after every run: the table that is printed from, made again."""

import numpy as np
import pytest

from bench.stats.change_points import LEAST, changes
from bench.stats.false_alarms import MEMORIES, RATES, READINGS, SPREADS, false_alarm_rate
from tests.stats.test_change_points import series


def share(count, spread, memory, readings, first=0):
    """Of seeded series, how many show a change; what was shown once stays, so that one look at the end is enough."""
    return shares(count, spread, memory, (readings,), first)[0]


def shares(count, spread, memory, lengths, first=0):
    """The same after each of so many readings: the longer series go on where the shorter ones end."""
    shown = np.zeros((count, len(lengths)), bool)
    for row, seed in zip(shown, range(first, first + count), strict=True):
        values = series(seed, lengths[-1], sd=spread, memory=memory)
        for at, readings in enumerate(lengths):
            row[at] = row[:at].any() or bool(changes(values[:readings]))
    return shown.mean(axis=0)


def test_looking_after_every_run_errs_no_more_often_than_looking_once():
    every = [series(seed, 40, sd=0.05, memory=0.7) for seed in range(12)]
    once = [bool(changes(values)) for values in every]
    always = [any(changes(values[:end]) for end in range(2 * LEAST, 41)) for values in every]
    assert once == always
    assert any(once)


@pytest.mark.parametrize(("spread", "memory"), [(0.03, 0.0), (0.03, 0.4), (0.05, 0.7)])
def test_no_more_series_show_a_change_than_the_table_says(spread, memory):
    rate = RATES[spread, memory][0]
    assert share(60, spread, memory, READINGS[0]) <= rate + 3 * np.sqrt((rate + 0.01) / 60)


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "memory"), RATES)
def test_the_table_is_what_comes_of_it(spread, memory):
    for shown, rate in zip(shares(150, spread, memory, READINGS, first=7000), RATES[spread, memory], strict=True):
        error = np.sqrt(rate * (1 - rate) * (1 / 150 + 1 / 200))
        assert shown == pytest.approx(rate, abs=0.02 + 3 * error)


def test_a_series_has_the_rate_of_those_most_like_it():
    for (spread, memory), rates in RATES.items():
        for readings, rate in zip(READINGS, rates, strict=True):
            like = [false_alarm_rate(series(seed, readings, sd=0.8 * spread, memory=memory), ()) for seed in range(60)]
            assert np.mean(like) == pytest.approx(rate, abs=0.12)
    assert false_alarm_rate([0.0] * 9, ()) == 0


def test_a_step_is_no_noise():
    values = series(0, 30, sd=0.01, step=0.3, at=15)
    moves = changes(values)
    assert len(moves) == 1
    assert false_alarm_rate(values, moves) == RATES[0.015, 0.0][0]


def test_the_rates_are_shares_that_grow_with_spread_memory_and_length():
    assert [(spread, memory) for spread in SPREADS for memory in MEMORIES] == list(RATES)
    shares = np.array(list(RATES.values())).reshape(3, 3, 2)
    assert shares.min() > 0
    assert shares.max() < 0.5
    for axis in range(3):
        assert np.diff(shares, axis=axis).min() >= 0


@pytest.mark.parametrize(("count", "place"), [(10, 0), (60, 0), (61, 1), (120, 1), (200, 1)])
def test_from_ten_readings_on_there_is_a_rate_and_beyond_sixty_the_other(count, place):
    steady = np.resize([0.001, -0.001], count)  # the narrowest, and nothing resembles the one before
    wide = np.resize([0.06, 0.06, 0.06, 0.06, -0.06, -0.06, -0.06, -0.06], count)
    assert false_alarm_rate(steady, ()) == RATES[0.015, 0.0][place]
    assert false_alarm_rate(wide, ()) in {rates[place] for rates in RATES.values()}
