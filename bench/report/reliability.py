"""Reliability: whether nets are right as often as their probabilities say."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter

from bench.report import svg
from bench.report.comparable import groups
from bench.report.plotting import DASHED, Picture, dot, finish
from bench.report.rank import ordered
from bench.report.record import Record, Row, each_once
from bench.report.table import in_words
from bench.report.units import quantity, tied
from bench.store.insight import Calibration
from bench.store.result import Floats
from bench.text import PERCENT, plural, with_interval

FEWEST = 20  # images of a bin that is drawn, on average over seeds: of fewer, a share says little
_ERROR = "calibration_error"
_NAMED = 3  # nets in the sentence


def reliability(record: Record, rows: Sequence[Row]) -> Picture | None:
    """Accuracy against the probability of the predicted class, in bins, all seeds of a row together."""
    known = {row.key: bins for row in rows if len(bins := _bins(row))}
    rows = [row for row in rows if row.key in known]
    if not rows:
        return None
    drawn = svg.canvas("insight-reliability", width=420, height=250)
    axes = drawn.axes
    axes.plot([0, 1], [0, 1], color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    for row in rows:
        confidence, accuracy, answers = known[row.key].T
        size = np.clip(3 + np.log10(answers), 3, 8).max()
        line = axes.plot(confidence, accuracy, **{**dot(row, float(size)), "linestyle": "-", "linewidth": 1.2})
        drawn.mark(line, [row.key], _in_words(row, known[row.key]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("probability of the predicted class, mean of a bin")
    axes.set_title("share that is right", loc="left", color=svg.MUTED)
    several = any(len(_seeds(row)) > 1 for row in rows)
    caption = (
        f"{_sentence(record, rows)}How often nets are right when they are so sure, in 15 bins of all test images; bins "
        f"of fewer than {FEWEST} images{' a seed' * several} are left out. Below the dashed line a net is surer than "
        "it is right, above it less sure. The expected calibration error is the mean distance from that line over "
        "images."
    )
    return finish(drawn, "Reliability of probabilities", caption)


def _bins(row: Row) -> Floats:
    """Confidence, accuracy and answers (bins, 3), over all seeds, of the bins that have enough images a seed."""
    seeds = _seeds(row)
    if not seeds or not seeds[0].bins or len({len(each.bins) for each in seeds}) > 1:
        return np.empty((0, 3))
    table = np.array([_table(each) for each in seeds])  # (seeds, bins, 3)
    answers = table[..., 2].sum(axis=0)
    shares = (table[..., :2] * table[..., 2:]).sum(axis=0) / np.maximum(answers, 1)[:, None]
    whole: Floats = np.column_stack([shares, answers])
    kept: Floats = whole[answers >= FEWEST * len(seeds)]
    return kept


def _seeds(row: Row) -> list[Calibration]:
    return [insight.calibration for insight in row.insights if insight.calibration]


def _table(seen: Calibration) -> list[list[float]]:
    return [[each.confidence, each.accuracy, float(each.images)] for each in seen.bins]


def _sentence(record: Record, rows: Sequence[Row]) -> str:
    """The calibration errors of the best, the next and the worst of each group of rows that compare."""
    alike = groups(record, each_once([row for row in rows if _ERROR in row.values]), _ERROR)
    return "".join(f"{group.titled('Calibration error')}: {_errors(group.rows)}. " for group in alike)


def _errors(rows: list[Row]) -> str:
    ranked = ordered(rows, _ERROR)
    shown = ranked if len(ranked) <= _NAMED else [*ranked[: _NAMED - 1], ranked[-1]]
    parts = [
        f"{row.label} {tied(with_interval(each.value, PERCENT, each.half))}"
        for row in shown
        for each in [row.values[_ERROR]]
    ]
    return ", ".join(parts)


def _in_words(row: Row, bins: Floats) -> str:
    error = in_words(row.values[_ERROR]) if _ERROR in row.values else ""
    confidence, accuracy, answers = bins[-1]
    seeds = len(_seeds(row))
    of = plural(int(answers), "image") if seeds == 1 else f"{plural(int(answers), 'answer')} of {seeds} seeds"
    surest = (
        f"of {of} at a mean probability of {quantity('accuracy', '1', float(confidence))} "
        f"{quantity('accuracy', '1', float(accuracy))} are right"
    )
    return f"{row.label}: {'; '.join(filter(None, (error, surest)))}"
