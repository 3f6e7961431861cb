"""Segments: where accepted readings moved to another level, so that what lies before predicts nothing any more.

A fall begins a segment at its first reading, since what was gained must not be lost unseen; it is taken back when the
readings after it return. A rise begins one only as a clear jump that two readings hold: a ramp never does, or it would
carry along what it is to be measured against. What falls little by little begins one when it has fallen far enough.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bench.stats.noise import noise
from bench.stats.sequential_test import TOLERANCE

Floats = npt.NDArray[np.float64]

LEAST = 3  # readings that tell how much they differ; a step before that is none
_MATTERS = float(np.log1p(TOLERANCE))
_BEFORE, _HELD = 5, 3  # readings of the level before a step, and those that may take a fall back
_NOISES = 2.5  # a step is beyond so many spreads of single readings


def segments(logs: Sequence[float], marks: Collection[int] = ()) -> list[range]:
    """The places of each segment's readings, oldest first.

    Args:
        logs: logarithms of the accepted readings, oldest first.
        marks: places at which a segment begins whatever the readings say.

    """
    values = np.asarray(logs, dtype=float)
    reach = _NOISES * noise(values) if values.size > 1 else 0.0
    edges = [0, *sorted(set(marks) - {0}), values.size]
    starts: list[int] = []
    for first, end in pairwise(edges):
        starts += _starts(values[:end], first, reach)
    return [range(start, end) for start, end in pairwise([*starts, values.size])]


def _starts(values: Floats, first: int, reach: float) -> list[int]:
    """Where segments begin from `first` on, which is a beginning itself."""
    starts = [first] if first < values.size else []
    below = values < np.maximum.accumulate(values) - _MATTERS
    above = np.diff(values, prepend=values[:1]) > _MATTERS
    for at in map(int, np.flatnonzero(below | above)):  # nothing else can be a step
        if at >= max(first + 1, LEAST) and _steps(values[starts[-1] :], at - starts[-1], reach):
            starts.append(at)
    return starts


def _steps(segment: Floats, at: int, reach: float) -> bool:
    """Whether the reading at that place of the segment begins another."""
    before, after = segment[max(0, at - _BEFORE) : at], segment[at : at + _HELD]
    level = max(np.median(before), np.median(segment[: min(at, _BEFORE)]))
    fallen = max(after[0], np.median(after)) < level - max(_MATTERS, reach)
    risen = after.size > 1 and after[:2].min() > before.max() + _MATTERS + reach  # more than a ramp does in two steps
    return bool(fallen or risen)
