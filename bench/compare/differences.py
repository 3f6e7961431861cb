"""Differences: what differs between the two sides of a cell: exact counts, and the phases of its step."""

import numpy as np

from bench.compare.log import CellLog
from bench.text import count, quantity, signed
from bench.vocabulary import FETCH

WORTH_TELLING = 0.02  # a phase that changed by less than this share is left out


def counted(cell_log: CellLog) -> tuple[str, ...]:
    """Each exact count that differs, such as "operators_backward 51 -> 63"."""
    return tuple(text for text, _ in changes_of(cell_log))


def changes_of(cell_log: CellLog) -> tuple[tuple[str, bool], ...]:
    """Each exact count that differs, in words, and whether it has risen; what one side does not count, has not."""
    if cell_log.counts is None:
        return ()
    before, after = cell_log.counts.before, cell_log.counts.after
    names = dict.fromkeys((*before, *after))
    return tuple(
        (f"{name} {count(old)} -> {count(new)}", old is not None and new is not None and new > old)
        for name in names
        if (old := before.get(name)) != (new := after.get(name))
    )


def timed(cell_log: CellLog) -> tuple[str, ...]:
    """Each phase of a step that changed, the largest change in seconds first."""
    pairs = cell_log.every_pair
    changed = []
    for name in dict.fromkeys(name for pair in pairs for name in pair.phases):
        both = np.array([pair.phases[name] for pair in pairs if name in pair.phases])
        before, after = np.median(both, axis=0)
        if name != FETCH and abs(after - before) > WORTH_TELLING * before:
            line = f"{name} {quantity(before, 's')} -> {quantity(after, 's')} ({signed(after / before - 1)})"
            changed.append((abs(after - before), line))
    return tuple(line for _, line in sorted(changed, reverse=True))
