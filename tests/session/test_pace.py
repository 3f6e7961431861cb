"""Pace: what was expected, by how the machine did lately and how each thing did beside it."""

import pytest

from bench.session.pace import Pace


def test_before_anything_was_measured_it_is_what_was_expected():
    pace = Pace()
    assert pace("a", 5.0) == 5.0
    assert not pace.knows("a")


def test_what_was_measured_just_now_is_expected_to_take_as_long_again():
    pace = Pace()
    pace.note("a", 40.0, 5.0)
    assert pace.knows("a")
    assert pace("a", 5.0) == pytest.approx(40.0)


def test_a_thing_that_takes_longer_than_others_is_expected_to_and_they_are_not():
    pace = Pace()
    for _ in range(20):
        for key, seconds in (("a", 5.0), ("b", 10.0), ("c", 5.0)):
            pace.note(key, seconds, 5.0)
    assert [pace(key, 5.0) for key in "abc"] == pytest.approx([5.0, 10.0, 5.0], rel=0.1)
    assert pace("new", 5.0) < 8.0


def test_a_machine_that_has_become_slow_slows_what_was_measured_before():
    pace = Pace()
    for key in "abcd":
        pace.note(key, 5.0, 5.0)
    for key in "bcd":
        pace.note(key, 20.0, 5.0)
    assert 12 < pace("a", 5.0) < 25


def test_where_either_is_nothing_there_is_nothing_to_learn():
    pace = Pace()
    pace.note("a", 0.0, 5.0)
    pace.note("a", 5.0, 0.0)
    assert not pace.knows("a")
    assert pace("a", 5.0) == 5.0
