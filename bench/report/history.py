"""The page of all runs' history: a picture of each series, its changes marked; a pure function of the series."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns

from bench import files
from bench.metrics import row_of
from bench.report import svg
from bench.report.load import clean
from bench.report.page import FREE, style_sheet, template
from bench.report.plotting import DASHED, GOES_ON, Picture, accuracy_axis, finish, inside, unit_axis
from bench.report.units import quantity
from bench.store.run import REPORTS
from bench.text import plural

MOST_PICTURES = 120  # a page of more is none that anyone scrolls
FILE = "history.html"


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of level, in words.

    Attributes:
        at: the index of the first reading of the new level.
        low: the earliest that may be it.
        high: the latest.
        words: what changed, where, and how surely.
        command: what asks whether it is one, or "".

    """

    at: int
    low: int
    high: int
    words: str
    command: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series as it is drawn.

    Attributes:
        title: of the picture.
        metric: its name.
        unit: of the values.
        machine: in words.
        points: rows with label, moment, value, low, high and n, in order.
        shifts: the changes.

    """

    title: str
    metric: str
    unit: str
    machine: str
    points: Sequence[Mapping[str, Any]]
    shifts: Sequence[Shift]


def write(lines: Iterable[Line], chance: str, folder: Path = REPORTS) -> Path:
    """Write reports/history.html; its path.

    Args:
        lines: the series.
        chance: how often changes are shown where nothing changed, in words.
        folder: where.

    Raises:
        BenchError: the folder cannot be written.

    """
    files.make_folder(folder, FREE)
    files.replace(folder / FILE, page(list(lines), chance), FREE)
    return folder / FILE


def page(lines: Sequence[Line], chance: str) -> str:
    """The page as one HTML document that needs nothing else."""
    shown = lines[:MOST_PICTURES]
    with svg.style():
        drawn = [(line, _picture(line, number)) for number, line in enumerate(shown)]
    return template("history.html").render(
        drawn=drawn,
        left=len(lines) - len(shown),
        chance=chance,
        changed=[line for line in lines if line.shifts],
        style=style_sheet(),
    )


def _picture(line: Line, number: int) -> Picture:
    """Readings in the order of the code, with their intervals; a dashed line where the level changed."""
    drawn = svg.canvas(f"history-{number}", width=430)
    axes = drawn.axes
    title, row = clean(line.title), row_of(line.metric, line.unit)
    table = pd.DataFrame([{**point, "at": at} for at, point in enumerate(line.points)])
    bars, cut = _bars(line), False
    if row.kind == "share":
        cut = accuracy_axis(axes, table["value"], ends=[end for bar in bars.values() for end in bar])
        table["value"] = table["value"].map(inside)
        bars = {at: (inside(low), inside(high)) for at, (low, high) in bars.items()}
    sns.lineplot(data=table, x="at", y="value", color=svg.SERIES[0], linewidth=1.2, alpha=0.5, ax=axes, legend=False)
    for at, point in enumerate(line.points):
        if at in bars:
            low, high = bars[at]
            axes.plot([at, at], [max(low, 0), high], color=svg.SERIES[0], linewidth=1, alpha=0.6)
        mark = axes.plot(
            at,
            table["value"][at],
            marker="o",
            markersize=5,
            color=svg.SERIES[0],
            markerfacecolor=svg.SURFACE if point["contended"] else svg.SERIES[0],
            linestyle="none",
            markeredgecolor=svg.SURFACE,
            markeredgewidth=0.8,
        )
        drawn.mark(mark, [], clean(f"{point['label']}: {_in_words(line, point)}"))
    for shift in line.shifts:
        place = shift.at - 0.5
        axes.axvspan(shift.low - 0.5, shift.high + 0.5, color=svg.SERIES[1], alpha=0.12, linewidth=0)
        drawn.mark(axes.axvline(place, color=svg.SERIES[1], linestyle=DASHED, linewidth=1.2), [], clean(shift.words))
    if row.kind != "share":
        unit_axis(axes.yaxis, line.metric, line.unit)
        axes.set_ylim(bottom=min(0.98 * float(table["value"].min()), axes.get_ylim()[0]))
    _name_ends(axes, line)
    axes.set_xlabel("runs, in the order of their revisions")
    axes.set_ylabel("")
    axes.grid(visible=True, axis="y")
    noun = "seeds" if row.once_a_seed else "processes"
    caption = f"{plural(len(line.points), 'run')} on {line.machine}; bars are 95 % intervals over {noun}"
    return finish(drawn, title, clean(f"{caption}{GOES_ON * cut}."))


def _bars(line: Line) -> dict[int, tuple[float, float]]:
    """The ends of the intervals, by the place of their reading."""
    bars = {at: _bar(point) for at, point in enumerate(line.points)}
    return {at: bar for at, bar in bars.items() if bar}


def _bar(point: Mapping[str, Any]) -> tuple[float, float] | None:
    """The ends of a reading's interval; None where it has none, or one without end."""
    ends = (point["low"], point["high"])
    return ends if None not in ends and np.isfinite(ends).all() else None


def _name_ends(axes: Any, line: Line) -> None:
    """Revisions at the first and last reading, and at each change."""
    last = len(line.points) - 1
    places = sorted({0, last, *(shift.at for shift in line.shifts)})
    apart = [at for at in places if at in (0, last) or min(at, last - at) > last / 8]
    axes.set_xticks(apart, [clean(str(line.points[at]["label"]))[:10] for at in apart])
    axes.set_xlim(-0.5, last + 0.5 if last else 0.5)


def _in_words(line: Line, point: Mapping[str, Any]) -> str:
    """A reading in words."""
    row = row_of(line.metric, line.unit)
    value = quantity(line.metric, line.unit, float(point["value"]))
    ends = ""
    if bar := _bar(point):
        low, high = (quantity(line.metric, line.unit, max(float(end), 0.0)) for end in bar)
        ends = f" ({low} to {high})"
    noun = "seed" if row.once_a_seed else "benchmark" if row.is_wall else "process"
    words = f"{row.words} {value}{ends}, n = {plural(point['n'], noun)}, {str(point['moment'])[:10]}"
    return f"{words}, contended" if point["contended"] else words
