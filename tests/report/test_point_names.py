"""Names of points: where a label stands beside its point, and what it leaves free."""

from types import SimpleNamespace

import pytest

from bench.report import svg
from bench.report.point_names import name_points


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_label_hides_no_point_that_has_none(side):
    """The neighbour to one side of the named point leaves the label the other."""
    canvas = svg.canvas("dots")
    canvas.axes.set(xlim=(0, 10), ylim=(0, 10))
    neighbour = (6, 5) if side == "right" else (4, 5)
    row = SimpleNamespace(label="named", key="row1")
    name_points(canvas, [row], [(5, 5)], [(5, 5), neighbour])
    (label,) = canvas.axes.texts
    assert label.get_horizontalalignment() == ("right" if side == "right" else "left")


@pytest.mark.parametrize("half", [5, 7.5])
def test_a_label_stands_clear_of_the_mark_of_its_point(half):
    canvas = svg.canvas("dots")
    canvas.axes.set(xlim=(0, 10), ylim=(0, 10))
    name_points(canvas, [SimpleNamespace(label="named", key="row1")], [(5, 5)], half=half)
    (label,) = canvas.axes.texts
    canvas.figure.draw_without_rendering()
    centre = canvas.axes.transData.transform((5, 5))[0]
    left = label.get_window_extent().x0
    assert (left - centre) / (canvas.figure.dpi / 72) > half + 1


@pytest.mark.parametrize(
    ("bars", "side"),
    [
        ([], "left"),
        ([((5, 5), (9, 5))], "right"),
        ([((1, 5), (9, 5))], "center"),
        ([((1, 5), (9, 5)), ((5, 1), (5, 9))], "left"),
    ],
    ids=("none", "to the right", "across", "both ways"),
)
def test_a_label_lies_over_no_bar_while_there_is_room(bars, side):
    canvas = svg.canvas("dots")
    canvas.axes.set(xlim=(0, 10), ylim=(0, 10))
    name_points(canvas, [SimpleNamespace(label="named", key="row1")], [(5, 5)], bars=bars)
    (label,) = canvas.axes.texts
    assert label.get_horizontalalignment() == side
    canvas.figure.draw_without_rendering()
    area = label.get_window_extent()
    for ends in bars:
        (left, low), (right, high) = canvas.axes.transData.transform(ends)
        assert right <= area.x0 or area.x1 <= left or high <= area.y0 or area.y1 <= low


def test_a_label_rather_lies_over_a_bar_than_is_missing():
    canvas = svg.canvas("dots")
    canvas.axes.set(xlim=(0, 10), ylim=(0, 10))
    every = [((0, at), (10, at)) for at in range(1, 10)] + [((0, at + 0.5), (10, at + 0.5)) for at in range(10)]
    name_points(canvas, [SimpleNamespace(label="named", key="row1")], [(5, 5)], bars=every)
    assert len(canvas.axes.texts) == 1
