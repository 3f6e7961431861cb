"""Spread: of several benchmarks of one name all rounds, the fastest and the slowest stand, as far as all say them."""

import pytest

from bench.store.spread import Spread, pooled_spread

FIRST = Spread(rounds=5, iterations=10, min=1.0, q1=1.5, q3=2.5, max=4.0, mean=2.0, stddev=0.5, iqr=1.0)


def test_that_of_one_stands_as_it_is():
    assert pooled_spread([FIRST]) == FIRST


def test_of_several_stand_all_rounds_the_fastest_and_the_slowest():
    other = Spread(rounds=7, iterations=10, min=0.5, max=3.0, mean=1.0)
    assert pooled_spread([FIRST, other]) == Spread(rounds=12, iterations=10, min=0.5, max=4.0)
    assert pooled_spread([other, FIRST, other]) == Spread(rounds=19, iterations=10, min=0.5, max=4.0)


@pytest.mark.parametrize("name", ["rounds", "iterations", "min", "max"])
def test_what_one_does_not_say_is_not_known_of_all(name):
    known = {"rounds": 5, "iterations": 10, "min": 1.0, "max": 4.0}
    silent = Spread(**{key: value for key, value in known.items() if key != name})
    whole = pooled_spread([Spread(**known), silent])
    assert getattr(whole, name) is None
    assert [each for each in known if getattr(whole, each) is None] == [name]


def test_what_is_not_known_is_not_stored_and_what_is_new_is_passed_over():
    assert Spread(rounds=5, min=0.0).to_dict() == {"rounds": 5, "min": 0.0}
    assert Spread.from_dict({"rounds": 5, "min": 0.0, "p99": 9.0}) == Spread(rounds=5, min=0.0)
    assert Spread.from_dict(FIRST.to_dict()) == FIRST
