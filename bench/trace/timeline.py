"""Timeline: spans that overlap as segments that do not, each moment counted once."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Segment = tuple[float, float, Item]  # start, end, what it is of


def exclusive(spans: Iterable[tuple[float, float, int, Item]]) -> Iterator[Segment[Item]]:
    """Segments in order; where spans overlap, the one of lowest rank counts, and of those the one that began first.

    Args:
        spans: start, end, rank and what it is of, in the order of their starts.

    """
    running: list[tuple[int, int, float, Item]] = []  # rank, number, end: the number keeps items from being compared
    now = -float("inf")
    for number, (start, end, rank, item) in enumerate(spans):
        yield from _until(start, now, running)
        now = max(now, start)
        heapq.heappush(running, (rank, number, end, item))
    yield from _until(float("inf"), now, running)


def _until(stop: float, now: float, running: list[tuple[int, int, float, Item]]) -> Iterator[Segment[Item]]:
    """What counts from `now` until `stop`, of the spans that are running."""
    while running and now < stop:
        _, _, end, item = running[0]
        if end > now:
            yield now, min(end, stop), item
        now = max(now, min(end, stop))
        if end <= now:
            heapq.heappop(running)


def gaps(segments: Sequence[Segment[Item]], start: float, end: float) -> Iterator[Segment[int]]:
    """What lies between the segments, from `start` to `end`, each with the number of the segment after it."""
    now = start
    for number, (begin, stop, _) in enumerate(segments):
        if begin >= end:
            yield now, end, number
            return
        if begin > now:
            yield now, begin, number
        now = max(now, stop)
        if now >= end:
            return
    yield now, end, len(segments)


def clipped(segments: Iterable[Segment[Item]], windows: Sequence[tuple[float, float]]) -> Iterator[Segment[Item]]:
    """The parts of the segments that lie in one of the windows; both are in order, and neither overlap."""
    at = 0
    for start, end, item in segments:
        while at < len(windows) and windows[at][1] <= start:
            at += 1
        number = at
        while number < len(windows) and windows[number][0] < end:
            begin, stop = max(start, windows[number][0]), min(end, windows[number][1])
            if stop > begin:
                yield begin, stop, item
            number += 1
