"""Start order: which side goes first, drawn in blocks of two so that both do equally often."""

from collections.abc import Iterator
from itertools import islice
from random import Random


def first_sides(order: Random) -> Iterator[int]:
    """The side that goes first, 0 or 1, time after time: in each two times, each side once."""
    while True:
        yield from order.sample([0, 1], 2)


def start_of(seed: int, run: int, round_number: int) -> int:
    """The side that starts first in a round of a run, for all cells alike, so that their mean is balanced too.

    It follows from the seed alone: a run that is made in two parts has the same starts in both.
    """
    return next(islice(first_sides(Random(f"{seed}/{run}")), round_number, None))
