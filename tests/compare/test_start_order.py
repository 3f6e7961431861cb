"""Start order: blocks of two, each side once in each, in an order that follows from the seed alone."""

from itertools import islice
from random import Random

from bench.compare.start_order import first_sides, start_of


def test_in_each_two_times_each_side_is_first_once():
    pairs = [tuple(islice(first_sides(Random(seed)), 2)) for seed in range(50)]
    assert set(pairs) == {(0, 1), (1, 0)}
    times = list(islice(first_sides(Random(1)), 40))
    assert [sum(times[at : at + 2]) for at in range(0, 40, 2)] == [1] * 20


def test_a_run_that_is_made_in_two_parts_has_the_same_starts():
    whole = [start_of(7, 2, number) for number in range(12)]
    assert [start_of(7, 2, number) for number in range(6, 12)] == whole[6:]
    assert [sum(whole[at : at + 2]) for at in range(0, 12, 2)] == [1] * 6
