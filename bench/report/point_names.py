"""Point names: labels beside the points of a picture, where they hide nothing."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from bench.report import svg
from bench.report.plotting import short
from bench.report.record import Row

Point = tuple[float, float]
Area = tuple[float, float, float, float]  # left, lower, right and upper end
Side = Literal["left", "center", "right"]

_LETTER = 5.1  # a guess at the width of 8.5 point letters in any system's font, in points
_HEIGHT = 9.0


def name_points(
    drawn: svg.Canvas,
    rows: Sequence[Row],
    points: Sequence[Point],
    every: Collection[Point] = (),
    half: float = 5,
    *,
    bars: Sequence[tuple[Point, Point]] = (),
) -> None:
    """A label beside each point where it hides neither a point nor a label; the key names the others.

    Of such places it takes one that lies over no bar, if there is any.

    Args:
        drawn: the picture; its axes are as they stay.
        rows: what the points stand for.
        points: their places in data units.
        every: those of the picture, where some are to have no label.
        half: half the width of the widest of their marks, in points of print.
        bars: both ends of each interval that is drawn.

    """
    drawn.figure.draw_without_rendering()  # fixes the layout, so that places are known
    scale = drawn.figure.dpi / 72
    box = drawn.axes.get_window_extent()
    left, right = box.x0 / scale - 4, box.x1 / scale + 6

    def at(point: Point) -> Point:
        x, y = drawn.axes.transData.transform(point) / scale
        return float(x), float(y)

    taken = [(x - half, y - half, x + half, y + half) for x, y in map(at, every or points)]
    lines = [(*at(low), *at(high)) for low, high in bars]
    for row, point in zip(rows, points, strict=True):
        text = short(row.label, 20)
        every_place = _places(at(point), _LETTER * len(text), half + 2)
        inside = [place for place in every_place if left < place.area[0] and place.area[2] < right]
        places = [place for place in inside if not _meets(place.area, taken)]
        if not places:
            continue
        best = next((place for place in places if not _meets(place.area, lines)), places[0])
        taken.append(best.area)
        look: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8.5, "color": svg.INK}
        drawn.mark(drawn.axes.annotate(text, point, best.offset, ha=best.side, **look), [row.key])


class _Place(NamedTuple):
    """Where a label may stand: the area it takes, where it begins from its point, and which end of it is there."""

    area: Area
    offset: Point
    side: Side


def _places(point: Point, wide: float, gap: float) -> Iterator[_Place]:
    """The best first: beside a point, above and below it, and beside a line straight up or down from it."""
    starts: tuple[tuple[float, float, Side], ...] = (
        *((gap, -4, "left"), (-gap, -4, "right"), (0, gap, "center"), (0, -gap - 8, "center")),
        *((2, gap, "left"), (-2, gap, "right"), (2, -gap - 8, "left"), (-2, -gap - 8, "right")),
    )
    before = {"left": 0.0, "center": wide / 2, "right": wide}
    for across, low, side in starts:
        x, y = point[0] + across - before[side], point[1] + low
        yield _Place((x, y, x + wide, y + _HEIGHT), (across, low + 1), side)


def _meets(area: Area, others: Iterable[Area]) -> bool:
    return any(
        area[0] < other[2] and other[0] < area[2] and area[1] < other[3] and other[1] < area[3] for other in others
    )
