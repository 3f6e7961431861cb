"""Noise: what in the timed blocks makes their numbers doubtful, as warnings that go with the result."""

from collections.abc import Sequence

import numpy as np

from bench.measure.blocks import Block
from bench.store.warning import Warning
from bench.text import percent, signed
from bench.vocabulary import Part

FAULTS, BUSY, DRIFT = 10.0, 0.95, 0.01  # an unpinned allocator takes a thousand faults a step, a quiet worker about one


def warnings_of(
    part: Part, blocks: list[Block], steady: bool, threads: int, throttles: Sequence[str] = ()
) -> list[Warning]:
    """Warnings on one part of a measurement.

    Args:
        part: its name.
        blocks: in order of measurement.
        steady: how the warm-up ended.
        threads: CPU threads in force; the CPU time of a single thread alone shows whether it was kept waiting.
        throttles: what held the device's clocks down right after the blocks.

    """
    warnings = []
    if not steady:
        warnings.append(Warning(part, "not steady", None, "no steady state within the longest warm-up"))
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > FAULTS:
        warnings.append(Warning(part, "faulting", faults, f"{faults:.0f} page faults a step"))
    busy = sum(block.cpu for block in blocks) / sum(block.wall for block in blocks)
    if threads == 1 and busy < BUSY:
        warnings.append(Warning(part, "contended", busy, f"the process had {percent(busy)} of its core"))
    if throttles:
        warnings.append(Warning(part, "throttled", None, f"the device was held down by {' and '.join(throttles)}"))
    for subject in dict.fromkeys(block.subject for block in blocks):
        slope = drift([block for block in blocks if block.subject == subject])
        if abs(slope) > DRIFT:
            warnings.append(Warning(part, "drifting", slope, f"the {subject} blocks change by {signed(slope)} each"))
    return warnings


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
