"""Flags: what the timed blocks say against their own numbers, as warnings that travel with the result."""

from collections.abc import Sequence

import numpy as np

from bench.measure.blocks import Block
from bench.store.warning import Warning
from bench.vocabulary import Part

FAULTS, BUSY, DRIFT = 10.0, 0.95, 0.01  # an unpinned allocator takes a thousand faults a step, a quiet worker about one


def flags_of(
    part: Part, blocks: list[Block], steady: bool, threads: int, throttles: Sequence[str] = ()
) -> list[Warning]:
    """Warnings on one part of a visit.

    Args:
        part: its name.
        blocks: in order of measurement.
        steady: how the warm-up ended.
        threads: CPU threads in force; only one thread tells by its CPU time whether it was kept waiting.
        throttles: what held the device's clocks down right after the blocks.

    """
    flags = []
    if not steady:
        flags.append(Warning(part, "not steady", None, "no steady state within the longest warm-up"))
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > FAULTS:
        flags.append(Warning(part, "faulting", faults, f"{faults:.0f} page faults a step"))
    busy = sum(block.cpu for block in blocks) / sum(block.wall for block in blocks)
    if threads == 1 and busy < BUSY:
        flags.append(Warning(part, "contended", busy, f"the process had {busy:.0%} of its core"))
    if throttles:
        flags.append(Warning(part, "throttled", None, f"the device was held down by {' and '.join(throttles)}"))
    for subject in dict.fromkeys(block.subject for block in blocks):
        slope = drift([block for block in blocks if block.subject == subject])
        if abs(slope) > DRIFT:
            flags.append(Warning(part, "drifting", slope, f"the {subject} blocks change by {slope:+.1%} each"))
    return flags


def drift(blocks: list[Block]) -> float:
    """Relative change of the time of a step from block to block, where it is more than noise; else 0.

    The median of the slopes of all pairs of logarithms (Theil 1950, Sen 1968), if the order of the blocks agrees with
    it beyond chance at 1 % (Mann 1945, Kendall 1975; normal approximation), which takes six blocks at the least.
    """
    times = np.log([block.wall / block.steps for block in blocks])
    count = len(times)
    first, second = np.triu_indices(count, k=1)
    rises = times[second] - times[first]
    spread = np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if count < 6 or abs(np.sign(rises).sum()) - 1 <= 2.576 * spread:
        return 0.0
    return float(np.median(rises / (second - first)))
