"""The latest segment of accepted readings: what is in it, what its spread is of, and where marks count."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.regression.segment import latest_segment, memory_anchors, since_mark
from bench.stats.prediction import spread_of
from bench.store.summary import CellSummary

BASE = CellSummary(cell=Cell("mlp"), run="old")
JITTER = [0.0, 0.01, 0.0, 0.01]


def readings(logs, **marks):
    """A reading for each logarithm; `m3="reset"` marks the one at place 3."""
    return [
        replace(BASE, run=f"run{at}", log_cost=value, begins=marks.get(f"m{at}", "")) for at, value in enumerate(logs)
    ]


def runs(summaries):
    return [summary.run for summary in summaries]


def test_it_begins_at_the_last_step_and_its_first_reading_is_the_anchor():
    segment = latest_segment(readings([*JITTER, *JITTER, 1.0, 1.01, 1.0]))
    assert runs(segment.readings) == ["run8", "run9", "run10"]
    assert (segment.anchor.run, segment.latest.run) == ("run8", "run10")
    assert segment.logs == (1.0, 1.01, 1.0)


def test_its_spread_is_of_the_latest_readings_of_all_segments():
    logs = [*(5.0 * at for at in range(6)), *JITTER * 4, 1.0, 1.01, 1.0, 1.01]  # wild at first
    segment = latest_segment(readings(logs, m6="reset"))
    assert segment.spread == spread_of([JITTER * 4, [1.0, 1.01, 1.0, 1.01]])
    assert segment.missing == 0


@pytest.mark.parametrize(("count", "missing"), [(1, 4), (3, 2), (4, 1), (5, 0), (9, 0)])
def test_it_says_how_many_readings_would_tell_a_spread(count, missing):
    segment = latest_segment(readings(([0.0, 0.01] * 5)[:count]))
    assert segment.missing == missing
    assert (segment.spread is None) == (missing > 0)


def test_a_mark_begins_one_also_where_its_own_reading_has_no_cost():
    assert latest_segment(readings(JITTER, m2="reset")).anchor.run == "run2"
    assert latest_segment(readings([0.0, 0.01, None, 0.01], m2="reset")).anchor.run == "run3"
    assert latest_segment(readings([0.0, 0.01, None], m2="reset")).anchor.run == "run0"  # nothing follows it
    assert latest_segment(readings([None, None])) is None


def test_memory_is_held_to_the_first_three_readings_of_its_own_segment():
    peaks = [1e6, 1e6, 1e6, 1e6, 4e6, None, 4e6, 4e6, 4e6, 4e6]
    stored = [replace(summary, peak_memory=peak) for summary, peak in zip(readings(peaks), peaks, strict=True)]
    assert runs(memory_anchors(stored)) == ["run4", "run6", "run7"]
    assert memory_anchors(readings(JITTER)) == []


def test_readings_since_the_last_mark():
    assert runs(since_mark(readings(JITTER))) == ["run0", "run1", "run2", "run3"]
    assert runs(since_mark(readings([*JITTER, 0.0], m0="reset", m2="reset", m3="regressed"))) == ["run3", "run4"]
    assert since_mark([]) == []
