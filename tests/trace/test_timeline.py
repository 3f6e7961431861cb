"""Timeline: overlapping spans become segments in which each moment counts once."""

from hypothesis import given
from hypothesis import strategies as st

from bench.trace.timeline import clipped, exclusive, gaps

SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 20), st.integers(0, 2)).map(lambda s: (s[0], s[0] + s[1], s[2])),
    max_size=12,
)


def test_the_lower_rank_counts_and_then_the_earlier():
    spans = [(0, 10, 1, "copy"), (2, 5, 0, "first"), (4, 7, 0, "second"), (20, 21, 0, "alone")]
    assert list(exclusive(spans)) == [
        (0, 2, "copy"), (2, 4, "first"), (4, 5, "first"), (5, 7, "second"), (7, 10, "copy"), (20, 21, "alone"),
    ]  # fmt: skip


@given(SPANS)
def test_each_moment_counts_once_for_the_best_span_that_runs(drawn):
    spans = [(*span, number) for number, span in enumerate(sorted(drawn))]
    owner = {}
    for start, end, number in exclusive(spans):
        assert start < end
        for moment in range(start, end):
            assert moment not in owner
            owner[moment] = number
    for moment in range(80):
        running = [(rank, number) for start, end, rank, number in spans if start <= moment < end]
        assert owner.get(moment) == (min(running)[1] if running else None)


@given(SPANS)
def test_segments_and_gaps_fill_the_window(drawn):
    segments = list(exclusive((*span, None) for span in sorted(drawn)))
    inside = sum(end - start for start, end, _ in clipped(segments, [(5, 15), (15, 40)]))
    empty = clipped(gaps(segments, 5, 40), [(5, 40)])
    assert inside + sum(end - start for start, end, _ in empty) == 35


def test_a_gap_names_what_ends_it():
    segments = [(10, 20, "a"), (30, 40, "b")]
    assert list(gaps(segments, 0, 50)) == [(0, 10, 0), (20, 30, 1), (40, 50, 2)]
    assert list(gaps(segments, 0, 25)) == [(0, 10, 0), (20, 25, 1)]
    assert list(gaps([], 0, 5)) == [(0, 5, 0)]
