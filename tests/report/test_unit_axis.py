"""Ticks of a logarithmic axis beside names that take half of the width: two at least, and no more than have room."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest

from bench.report.plotting import unit_axis


@pytest.mark.parametrize("low", [0.05, 0.09, 0.7])
@pytest.mark.parametrize("factor", [3.0, 12.0, 90.0, 2_000.0, 15_000.0])
def test_there_are_two_to_five_ticks_and_no_label_meets_the_next(low, factor):
    figure, axes = plt.subplots(figsize=(1.91, 1.0), dpi=72)
    axes.set(xscale="log", xlim=(low, low * factor), position=(0.1, 0.4, 0.8, 0.5))
    unit_axis(axes.xaxis, "relative", "1", few=True)
    axes.tick_params(labelsize=9)  # as the narrow pictures have it
    figure.canvas.draw()
    boxes = [
        label.get_window_extent()
        for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if low <= place <= low * factor
    ]
    plt.close(figure)
    assert 2 <= len(boxes) <= 5
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
