"""Reliability: whether nets are right as often as their probabilities say."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter

from bench.report import svg
from bench.report.plotting import DASHED, Picture, dot, finish
from bench.report.rank import ordered
from bench.report.record import Row
from bench.report.table import in_words
from bench.report.units import quantity, tied
from bench.store.insight import Calibration
from bench.store.result import Floats
from bench.text import PERCENT, plural, with_interval

FEWEST = 20  # images of a bin that is drawn: of fewer, a share says little
_ERROR = "calibration_error"
_NAMED = 3  # nets in the sentence


def reliability(rows: Sequence[Row]) -> Picture | None:
    """Accuracy against the probability of the predicted class, in bins, all seeds of a row together."""
    known = {row.key: bins for row in rows if len(bins := _bins(row))}
    rows = [row for row in rows if row.key in known]
    if not rows:
        return None
    drawn = svg.canvas("insight-reliability", width=420, height=250)
    axes = drawn.axes
    axes.plot([0, 1], [0, 1], color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    for row in rows:
        confidence, accuracy, images = known[row.key].T
        size = np.clip(3 + np.log10(images), 3, 8).max()
        line = axes.plot(confidence, accuracy, **{**dot(row, float(size)), "linestyle": "-", "linewidth": 1.2})
        drawn.mark(line, [row.key], _in_words(row, known[row.key]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("probability of the predicted class, mean of a bin")
    axes.set_title("share that is right", loc="left", color=svg.MUTED)
    caption = (
        f"{_sentence(rows)}How often nets are right when they are so sure, in 15 bins of all test images; bins of "
        f"fewer than {FEWEST} images are left out. Below the dashed line a net is surer than it is right, above it "
        "less sure. The expected calibration error is the mean distance from that line over images."
    )
    return finish(drawn, "Reliability of probabilities", caption)


def _bins(row: Row) -> Floats:
    """Confidence, accuracy and images (bins, 3) of the bins that have enough images in all seeds together."""
    seeds = [insight.calibration for insight in row.insights if insight.calibration]
    if not seeds or not seeds[0].bins or len({len(each.bins) for each in seeds}) > 1:
        return np.empty((0, 3))
    table = np.array([_table(each) for each in seeds])  # (seeds, bins, 3)
    images = table[..., 2].sum(axis=0)
    shares = (table[..., :2] * table[..., 2:]).sum(axis=0) / np.maximum(images, 1)[:, None]
    whole: Floats = np.column_stack([shares, images])
    kept: Floats = whole[images >= FEWEST]
    return kept


def _table(seen: Calibration) -> list[list[float]]:
    return [[each.confidence, each.accuracy, float(each.images)] for each in seen.bins]


def _sentence(rows: Sequence[Row]) -> str:
    """The calibration errors of the best, the next and the worst."""
    ranked = ordered(list(rows), _ERROR)
    shown = ranked if len(ranked) <= _NAMED else [*ranked[: _NAMED - 1], ranked[-1]]
    parts = [
        f"{row.label} {tied(with_interval(each.value, PERCENT, each.half))}"
        for row in shown
        for each in [row.values[_ERROR]]
    ]
    return f"Calibration error: {', '.join(parts)}. " if parts else ""


def _in_words(row: Row, bins: Floats) -> str:
    error = in_words(row.values[_ERROR]) if _ERROR in row.values else ""
    confidence, accuracy, images = bins[-1]
    surest = (
        f"of {plural(int(images), 'image')} at a mean probability of {quantity('accuracy', '1', float(confidence))} "
        f"{quantity('accuracy', '1', float(accuracy))} are right"
    )
    return f"{row.label}: {'; '.join(filter(None, (error, surest)))}"
