"""Insight: the pictures of what trained nets have learnt, and in words what of it is not there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench.report.attributions import saliency
from bench.report.edge_maps import edges
from bench.report.learnt import ascent, features, filters
from bench.report.plotting import Picture
from bench.report.rank import ordered
from bench.report.record import Record, Row
from bench.report.reliability import reliability
from bench.report.robustness import fooled, robustness
from bench.report.score_bars import score_bars
from bench.text import joined
from bench.vocabulary import InsightKind

MOST_CURVES, MOST_BANDS = 24, 3  # configurations in one picture: as lines, and as little pictures
_IN_WORDS: Mapping[InsightKind, str] = {
    "scores": "class scores",
    "filters": "filters",
    "features": "feature maps",
    "saliency": "saliency",
    "ascent": "what maximizes a class",
    "adversarial": "adversarial examples",
    "calibration": "calibration",
    "edges": "edge handling",
}


def insight(record: Record) -> list[Picture]:
    """The pictures of the configurations that were looked into; of the little ones the most and least accurate."""
    rows = [row for row in record.rows if row.status == "ok" and row.insights]
    ranked = ordered(rows, "accuracy") or rows
    close = ranked if len(ranked) <= MOST_BANDS else [*ranked[: MOST_BANDS - 1], ranked[-1]]
    drawn = [draw(record, rows[:MOST_CURVES]) for draw in (robustness, reliability)]
    drawn += [draw(close) for draw in (fooled, score_bars, saliency, filters, features, ascent, edges)]
    pictures = [picture for picture in drawn if picture]
    if pictures and (words := _absent(rows)):
        pictures[-1] = replace(pictures[-1], caption=f"{pictures[-1].caption} {words}")
    return pictures


def _absent(rows: Sequence[Row]) -> str:
    """What is not there, and why, each reason once; "" where all is there."""
    parts = [
        f"{_IN_WORDS[kind]} of {'all' if len(labels) == len(rows) else joined(labels, most=3)} ({reason})"
        for (kind, reason), labels in _reasons(rows).items()
    ]
    return f"Not told: {'; '.join(parts)}." if parts else ""


def _reasons(rows: Sequence[Row]) -> Mapping[tuple[InsightKind, str], list[str]]:
    reasons: dict[tuple[InsightKind, str], list[str]] = {}
    for row, kind, reason in _each(rows):
        reasons.setdefault((kind, reason), []).append(row.label)
    return reasons


def _each(rows: Sequence[Row]) -> Iterator[tuple[Row, InsightKind, str]]:
    for row in rows:
        for kind, reason in dict.fromkeys(pair for insight in row.insights for pair in insight.absent.items()):
            yield row, kind, reason
