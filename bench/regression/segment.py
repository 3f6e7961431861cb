"""Segment: the accepted readings of a cell since their level last moved, and the anchor, which is the first of them.

A segment begins where a reading says so (`CellSummary.begins`) and where the readings themselves moved to another level
(`bench.stats.segments`). What is lost little by little is lost against the anchor, never against the last reading.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from bench.stats.prediction import FEW, LEAST_RUNS, WINDOW, Spread, spread_of
from bench.stats.segments import segments
from bench.store.summary import CellSummary


@dataclass(frozen=True, slots=True)
class Segment:
    """The latest segment of a cell's accepted readings.

    Attributes:
        readings: those with a relative cost, oldest first; at least one.
        logs: their logarithms.
        spread: of readings of one level, from the last WINDOW of all segments; None where they are too few.
        missing: how many more readings would tell it.

    """

    readings: tuple[CellSummary, ...]
    logs: tuple[float, ...]
    spread: Spread | None
    missing: int

    @property
    def anchor(self) -> CellSummary:
        """The first reading."""
        return self.readings[0]

    @property
    def latest(self) -> CellSummary:
        """The last reading."""
        return self.readings[-1]


def latest_segment(stored: Sequence[CellSummary]) -> Segment | None:
    """The latest segment of accepted readings, given oldest first; None where none has a relative cost."""
    readings, logs, parts = _parts(stored, lambda summary: summary.log_cost)
    if not readings:
        return None
    known = [[logs[at] for at in part if at >= len(logs) - WINDOW] for part in parts]
    steps = sum(max(len(group) - 1, 0) for group in known)
    last = parts[-1]
    return Segment(
        tuple(readings[at] for at in last),
        tuple(logs[at] for at in last),
        spread_of(known),
        max(0, LEAST_RUNS - 1 - steps),
    )


def memory_anchors(stored: Sequence[CellSummary]) -> list[CellSummary]:
    """The first readings since the peak of memory last moved to another level: what one that creeps is held to."""
    readings, _, parts = _parts(stored, lambda summary: log(summary.peak_memory) if summary.peak_memory else None)
    return [readings[at] for at in parts[-1]][:FEW] if readings else []


def since_mark(stored: Sequence[CellSummary]) -> list[CellSummary]:
    """The readings since the last one that is marked as the beginning of a segment; all where none is."""
    marks = [at for at, summary in enumerate(stored) if summary.begins]
    return list(stored[marks[-1] if marks else 0 :])


def _parts(
    stored: Sequence[CellSummary], value: Callable[[CellSummary], float | None]
) -> tuple[list[CellSummary], list[float], list[range]]:
    """The readings that have a value, their values, and the places of each segment; a mark on one without holds too."""
    readings: list[CellSummary] = []
    values: list[float] = []
    marks: set[int] = set()
    for summary in stored:
        if summary.begins:
            marks.add(len(readings))
        known = value(summary)
        if known is not None:
            readings.append(summary)
            values.append(known)
    return readings, values, segments(values, marks - {len(readings)})
