"""Blocks of all ranks: the slowest one's time counts, and all make as many steps however unlike they are."""

import numpy as np
import pytest

from bench.measure.blocks import Block
from bench.ranks.blocks import slowest_blocks, steps_that_last
from bench.ranks.launch import launch
from tests.ranks import rank_functions


def block(wall):
    return Block("train", 0.0, wall, wall, 0, 0, np.full((2, 7), wall / 14))


def test_of_each_block_the_slowest_ranks_counts():
    ranks = [[block(1.0), block(5.0)], [block(2.0), block(4.0)]]
    assert [each.wall for each in slowest_blocks(ranks)] == [2.0, 5.0]


def test_ranks_with_other_numbers_of_blocks_are_no_measurement():
    with pytest.raises(ValueError, match="longer"):
        slowest_blocks([[block(1.0)], [block(1.0), block(2.0)]])


@pytest.mark.parametrize(("step", "steps"), [(0.01, 10), (0.25, 4), (30.0, 2)])
def test_so_many_steps_last_as_long_as_they_may_but_two_at_least(step, steps):
    assert steps_that_last(1.0, step, 10) == steps


@pytest.mark.slow
def test_a_warm_up_ends_alike_for_ranks_of_unlike_speed():
    """By the slower one's times: a step of rank 1 takes twice as long as one of rank 0."""
    first, second = launch(2, rank_functions.warm, 0.004)
    assert first == second
    _, block_steps, steps = first
    assert block_steps <= 0.1 / 0.008 + 1
    assert steps > 3
