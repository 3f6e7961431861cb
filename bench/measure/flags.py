"""Flags: what the timed blocks say against their own numbers, in words that travel with the result."""

import numpy as np

from bench.measure.blocks import Block

FAULTS, BUSY, DRIFT = 1.0, 0.95, 0.01


def flags_of(part: str, blocks: list[Block], steady: bool, threads: int) -> list[str]:
    """Warnings on one part of a visit.

    Args:
        part: its name, which each warning begins with.
        blocks: in order of measurement.
        steady: how the warm-up ended.
        threads: CPU threads in force; only one thread tells by its CPU time whether it was kept waiting.

    """
    found = []
    if not steady:
        found.append("not steady after the longest warm-up")
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > FAULTS:
        found.append(f"faulting, {faults:.0f} page faults a step")
    busy = sum(block.cpu for block in blocks) / sum(block.wall for block in blocks)
    if threads == 1 and busy < BUSY:
        found.append(f"contended, the process had {busy:.0%} of its core")
    for subject in dict.fromkeys(block.subject for block in blocks):
        slope = drift([block for block in blocks if block.subject == subject])
        if abs(slope) > DRIFT:
            found.append(f"drifting, the {subject} blocks change by {slope:+.1%} each")
    return [f"{part}: {what}" for what in found]


def drift(blocks: list[Block]) -> float:
    """Change of the time of a step from block to block: the median of the slopes of all pairs (Theil 1950, Sen 1968).

    Of the logarithms, so that 0.01 is 1 % a block; 0 for fewer than four blocks, which show no trend.
    """
    if len(blocks) < 4:
        return 0.0
    times = np.log([block.wall / block.steps for block in blocks])
    first, second = np.triu_indices(len(times), k=1)
    return float(np.median((times[second] - times[first]) / (second - first)))
