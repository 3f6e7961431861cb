"""Scatter: points with their intervals on both axes, each the mark of its row, drawn many at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.report import svg
from bench.report.plotting import colour_of, marker_of
from bench.report.record import Row

Reach = tuple[float, float]
_AREA = 49.0  # of a marker, in square points


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One row's point: its place, the ends of its intervals along x and y where it has any, and what it says."""

    row: Row
    x: float
    y: float
    across: Reach | None
    along: Reach | None
    text: str


def scatter(drawn: svg.Canvas, spots: Sequence[Spot]) -> None:
    """Draw them: one artist a look and kind, since an artist a point takes a thousand of them seconds."""
    looks: dict[tuple[str, str], list[Spot]] = {}
    for spot in spots:
        looks.setdefault((colour_of(spot.row), marker_of(spot.row)), []).append(spot)
    for (colour, marker), alike in looks.items():
        _bars(drawn, alike, colour)
        places = [spot.x for spot in alike], [spot.y for spot in alike]
        look: dict[str, Any] = {"facecolors": colour, "edgecolors": svg.SURFACE, "linewidths": 0.8, "zorder": 3}
        drawn.mark_each(
            drawn.axes.scatter(*places, s=_AREA, marker=marker, **look), [(spot.row.key, spot.text) for spot in alike]
        )


def bars(spots: Sequence[Spot]) -> list[tuple[Reach, Reach]]:
    """Both ends of every interval, as (x, y)."""
    across = [((spot.across[0], spot.y), (spot.across[1], spot.y)) for spot in spots if spot.across]
    return across + [((spot.x, spot.along[0]), (spot.x, spot.along[1])) for spot in spots if spot.along]


def _bars(drawn: svg.Canvas, spots: Sequence[Spot], colour: str) -> None:
    look: dict[str, Any] = {"colors": colour, "linewidths": 1.2, "zorder": 2.5}
    wide, tall = [spot for spot in spots if spot.across], [spot for spot in spots if spot.along]
    if wide:
        bars = drawn.axes.hlines([spot.y for spot in wide], *_ends(spot.across for spot in wide), **look)
        drawn.mark_each(bars, _silent(wide))
    if tall:
        bars = drawn.axes.vlines([spot.x for spot in tall], *_ends(spot.along for spot in tall), **look)
        drawn.mark_each(bars, _silent(tall))


def _ends(intervals: Iterable[Reach | None]) -> tuple[list[float], list[float]]:
    known = [interval for interval in intervals if interval]
    return [low for low, _ in known], [high for _, high in known]


def _silent(spots: Sequence[Spot]) -> list[tuple[str, str]]:
    """The marks of bars, for which the page's script takes the text of their point."""
    return [(spot.row.key, "") for spot in spots]
