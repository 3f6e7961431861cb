"""Blocks of all ranks at once: as many steps for each, between barriers; the slowest rank's time counts."""

import time
from collections.abc import Sequence

from bench.measure.blocks import Block, WarmUp, block_length, quiet_collector
from bench.measure.speed import timed_block
from bench.measure.workload import Workload
from bench.plan.timing import WARM_AGREEMENT, WARM_CAP, WARM_SECONDS, WARM_STEPS
from bench.ranks.together import Together


def measure_together(work: Workload, together: Together, blocks: int) -> tuple[list[Block], WarmUp]:
    """The part of one rank in so many blocks of training steps, each between two barriers."""
    work.train()
    timed = []
    with quiet_collector():
        warm = warm_up_together(work, together)
        for _ in range(blocks):
            together.wait()
            timed.append(timed_block("train", work, warm.block_steps))
            together.wait()
    return timed, warm


def warm_up_together(work: Workload, together: Together, least: float = WARM_SECONDS) -> WarmUp:
    """As `bench.measure.blocks.warm_up`, on the slowest rank's times: all ranks make as many steps and end alike.

    Every step exchanges gradients, so that a rank which made one more would wait for ever.
    """
    start = time.perf_counter()
    for _ in range(WARM_STEPS):
        work.timed_step(_unmarked)
    steps, times = block_length(2 * _seconds_a_step(work, together, 1)), []
    while True:
        times.append(_seconds_a_step(work, together, steps))
        steps = block_length(2 * times[-1])  # half a block
        last, elapsed = times[-3:], together.slowest(time.perf_counter() - start)
        steady = len(last) == 3 and max(last) <= min(last) * (1 + WARM_AGREEMENT)
        if (steady and elapsed >= least) or elapsed >= WARM_CAP:
            return WarmUp(steady, elapsed, block_length(min(last)))


def _seconds_a_step(work: Workload, together: Together, steps: int) -> float:
    """The slowest rank's mean seconds of some steps that are not timed one by one."""
    together.wait()
    began = time.perf_counter()
    for _ in range(steps):
        work.timed_step(_unmarked)
    work.device.synchronize()
    return together.slowest((time.perf_counter() - began) / steps)


def slowest_blocks(ranks: Sequence[Sequence[Block]]) -> list[Block]:
    """Of each block the rank's that took longest; all ranks have as many blocks."""
    return [max(alike, key=lambda block: block.wall) for alike in zip(*ranks, strict=True)]


def steps_that_last(seconds: float, step: float, most: int) -> int:
    """How many steps last at most so long: two at least, and at most `most`."""
    return max(2, min(most, int(seconds / step)))


def _unmarked() -> None:
    """The mark of a step that is not timed."""
