"""Accuracies on an axis: it holds the intervals that are drawn, or the caption says that some go on beyond it."""

from math import nan

import matplotlib.pyplot as plt
import pytest

from bench.report.history import Line, page
from bench.report.plotting import GOES_ON, accuracy_axis
from bench.report.tradeoffs import choosing
from tests.report.report_sample import planted, record_of


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.mark.parametrize(("end", "cut"), [(0.96, False), (0.989, False), (0.9932, False), (0.9999, True), (0.5, True)])
def test_the_axis_follows_an_interval_to_three_times_the_odds(axes, end, cut):
    """An interval to nearly 100 % would leave no room for the points: of odds 49 to 1 the axis shows 147 to 1."""
    assert accuracy_axis(axes, [0.97, 0.98], ends=[0.975, end]) is cut
    low, high = axes.get_ylim()
    assert low < 0.97
    assert high > 0.98
    assert (low <= end <= high) is not cut


@pytest.mark.parametrize(("half", "cut"), [(0.009, False), (0.0199, True)])
def test_the_caption_tells_of_bars_that_go_on(half, cut):
    rows = [
        planted(name, relative_cost=(cost, 0.01), accuracy=(accuracy, reach))
        for name, cost, accuracy, reach in (("a", 1.0, 0.97, 0.01), ("b", 2.0, 0.98, half))
    ]
    assert (GOES_ON in choosing(record_of(*rows))[0].caption) is cut


@pytest.mark.parametrize(("high", "cut"), [(0.989, False), (1.004, True)])
def test_a_history_of_accuracies_tells_it_too(high, cut):
    """A t interval may end beyond 100 %, where the axis has no place."""
    readings = [("a", 0.97, 0.96, 0.98), ("b", 0.98, 0.971, high), ("c", 0.975, None, None), ("d", 0.97, nan, nan)]
    points = [
        {"label": label, "moment": "", "value": value, "low": low, "high": end, "n": 3, "contended": False}
        for label, value, low, end in readings
    ]
    assert (GOES_ON in page([Line("a", "accuracy", "1", "a machine", points, ())], "")) is cut
