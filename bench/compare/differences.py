"""Evidence: what differs between the two sides of a cell: exact counts, and the phases of its step."""

import numpy as np

from bench.compare.log import Story
from bench.text import count, quantity, signed
from bench.vocabulary import FETCH

WORTH_TELLING = 0.02  # a phase that changed by less than this share is left out


def counted(story: Story) -> tuple[str, ...]:
    """Each exact count that differs, such as "operators_backward 51 -> 63"."""
    if story.counts is None:
        return ()
    before, after = story.counts.before, story.counts.after
    names = dict.fromkeys((*before, *after))
    return tuple(
        f"{name} {count(before.get(name))} -> {count(after.get(name))}"
        for name in names
        if before.get(name) != after.get(name)
    )


def timed(story: Story) -> tuple[str, ...]:
    """Each phase of a step that changed, the largest change in seconds first."""
    pairs = story.every_pair
    changed = []
    for name in dict.fromkeys(name for pair in pairs for name in pair.phases):
        both = np.array([pair.phases[name] for pair in pairs if name in pair.phases])
        before, after = np.median(both, axis=0)
        if name != FETCH and abs(after - before) > WORTH_TELLING * before:
            line = f"{name} {quantity(before, 's')} -> {quantity(after, 's')} ({signed(after / before - 1)})"
            changed.append((abs(after - before), line))
    return tuple(line for _, line in sorted(changed, reverse=True))
