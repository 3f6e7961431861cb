"""Stopwatch: the best time of one piece of work, taken again where something else ran beside it."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from bench.devices import Device
from bench.measure.blocks import Block, block_length, run_block, run_untimed
from bench.measure.noise import BUSY, is_kept_waiting
from bench.plan.timing import BLOCK_SECONDS
from bench.store.result import QUANTILES

# The best time that lasts: contention only ever adds time, so a low quantile of the steps.
STATISTIC = "p10"
TURNS = 3  # blocks of each work

# What a neighbour does to blocks that are all of the same work: the process waits for its core, is put aside (a quiet
# core does that a few times a second), one of its threads waits, or the blocks differ.
PREEMPTIONS = 40.0  # a second, for each thread
SPREAD = 1.15  # slowest block over fastest
PAUSE = 0.1  # seconds for the neighbour to go on


class Stopwatch:
    """Times work of several kinds, each again where it was disturbed, while there is patience left.

    Args:
        device: whose clock and synchronization to use.
        threads: CPU threads in force.
        patience: seconds in which anything is timed again, over all that is timed.

    """

    def __init__(self, device: Device, threads: int = 1, patience: float = 0.0) -> None:
        self.device = device
        self._threads = threads
        self._patience = patience
        self._disturbed: set[str] = set()

    def seconds(self, ceiling: str, work: Callable[[], object]) -> float:
        """The best seconds that `work` took; noted under the `ceiling` if all tries were disturbed."""
        return self.seconds_in_turn(ceiling, [work])[0]

    def seconds_in_turn(self, ceiling: str, works: Sequence[Callable[[], object]]) -> list[float]:
        """The best seconds of several works whose blocks take turns; noted as those of one are.

        So what the machine does to the one it does to the others, and their differences are of the works.
        """
        for work in works:
            work()  # first touch of the memory, choice of kernels
        best, disturbed = self._try(works)
        while disturbed and self._patience > 0:
            began = time.perf_counter()
            time.sleep(PAUSE)
            again, disturbed = self._try(works)
            best = [*map(min, best, again)]
            self._patience -= time.perf_counter() - began
        if disturbed:
            self._disturbed.add(ceiling)
        return best

    def take_disturbed(self) -> set[str]:
        """The ceilings noted since this was last asked."""
        taken, self._disturbed = self._disturbed, set()
        return taken

    def _try(self, works: Sequence[Callable[[], object]]) -> tuple[list[float], bool]:
        """The low quantile of the seconds that each work takes, in three blocks after a short lead; if disturbed.

        No steadiness is waited for: the best rate is the same before and after a neighbour has come.
        """
        steps = [_marked(work) for work in works]
        lead = BLOCK_SECONDS / 4
        lengths = [block_length(lead / run_untimed(self.device, step, lead)) for step in steps]
        blocks: list[list[Block]] = [[] for _ in works]
        for _ in range(TURNS):
            for own, step, length in zip(blocks, steps, lengths, strict=True):  # all last half as long as one block
                own.append(run_block("ceiling", self.device, step, max(1, length // (2 * TURNS)), marks=2))
        samples = (np.concatenate([block.intervals[:, 0] for block in own]) for own in blocks)
        best = [float(np.quantile(one, QUANTILES[STATISTIC])) for one in samples]
        return best, any(is_disturbed(own, self._threads) for own in blocks)


def _marked(work: Callable[[], object]) -> Callable[[Callable[[], None]], None]:
    """A step that is one call of the work between two marks."""

    def step(mark: Callable[[], None]) -> None:
        mark()
        work()
        mark()

    return step


def is_disturbed(blocks: Sequence[Block], threads: int) -> bool:
    """Whether something else ran beside blocks of the same work."""
    wall = sum(block.wall for block in blocks)
    medians = [float(np.median(block.intervals[:, 0])) for block in blocks]
    return (
        sum(block.cpu for block in blocks) < BUSY * wall
        or sum(block.preempted for block in blocks) > max(1.0, PREEMPTIONS * threads * wall)
        or sum(is_kept_waiting(block, threads) for block in blocks) > len(blocks) / 2
        or max(medians) > SPREAD * min(medians)
    )
