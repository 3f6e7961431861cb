"""Segments on planted series: what begins one, and what must not."""

import numpy as np
import pytest

from bench.stats.segments import segments


def starts(levels, marks=(), spread=0.01, seed=0):
    noise = np.random.default_rng(seed).normal(0, spread, len(levels))
    return [part.start for part in segments(np.asarray(levels) + noise, marks)]


def test_the_segments_hold_every_reading_once():
    parts = segments([0.0, 0.0, 0.0, 0.0, -0.3, -0.3], {2})
    assert [list(part) for part in parts] == [[0, 1], [2, 3], [4, 5]]
    assert segments([]) == []


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0] * 8 + [-0.14], [0, 8]),  # one fast run is a gain
        ([0] * 8 + [-0.14] + [0] * 2, [0]),  # unless the runs after it take it back
        ([0] * 8 + [0.14], [0]),  # one slow run may be disturbed
        ([0] * 8 + [0.14] * 2, [0, 8]),
        ([0] * 8 + [0.14, 0] * 2, [0]),
        ([0] * 8 + [-0.14] * 6 + [-0.28] * 2, [0, 8, 14]),
        ([0] * 2 + [0.3], [0]),  # two readings cannot tell how much they differ
    ],
)
def test_what_begins_a_segment(levels, expected):
    assert [starts(levels, seed=seed) for seed in range(20)] == [expected] * 20


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0] * 8 + [-0.08] * 2 + [0] * 2, [0, 8, 10]),  # two of three held it
        ([0] * 8 + [-0.08] + [0] * 3, [0]),
        ([0.02, -0.02] * 10 + [0.02] + [-0.10] * 3, [0, 21]),  # beyond 2.5 spreads of 0.042, from 0.02 on
        ([0.02, -0.02] * 10 + [0.02] + [-0.07] * 3, [0]),
    ],
)
def test_how_far_and_how_long_a_fall_goes_that_begins_a_segment(levels, expected):
    assert [part.start for part in segments(levels)] == expected


def test_a_mark_where_a_step_is_begins_no_segment_twice():
    for level in (-0.3, 0.3):
        assert [part.start for part in segments([0.0] * 5 + [level] * 3, {5})] == [0, 5]


@pytest.mark.parametrize("creep", [0.005, 0.01, 0.02])
def test_a_ramp_begins_none_however_far_it_goes(creep):
    assert np.mean([starts(creep * np.arange(40), seed=seed) == [0] for seed in range(100)]) >= 0.95


def test_what_falls_little_by_little_begins_segments_as_it_goes():
    begun = starts(list(-0.01 * np.arange(30)))
    assert len(begun) >= 3
    assert max(np.diff([*begun, 30])) <= 12


def test_noise_begins_none():
    assert np.mean([len(starts([0] * 30, spread=0.03, seed=seed)) > 1 for seed in range(100)]) <= 0.15
