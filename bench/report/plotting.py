"""What all pictures share: their colours and markers, axes with units, and one line a configuration."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from bench.metrics import row_of
from bench.report import svg
from bench.report.drawing import Drawing
from bench.report.record import Row, Value
from bench.report.units import tick
from bench.text import plural

MOST_NAMES = 16  # beyond these, only the configurations on the front are named in a picture
MOST_ROWS = 60  # more lines than this make a picture nobody can read
GOES_ON = "; one at the edge goes on beyond it"  # of bars, in a caption
_BEYOND = 3.0  # times the odds of the outermost accuracies, as far as their axis follows intervals that reach beyond
_ACCURACIES = (0.01, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
DASHED: tuple[float, tuple[float, float]] = (0, (4, 3))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its heading, the sentence that explains it, and its numbers in words.

    `rows` are the keys of the configurations that it is all about: it goes with them when the table is filtered.
    """

    name: str
    title: str
    caption: str
    svg: str
    numbers: tuple[tuple[str, str], ...]
    rows: str = ""


Drawn = svg.Canvas | Drawing
_kept: ContextVar[dict[str, Drawn] | None] = ContextVar("kept", default=None)


@contextmanager
def kept() -> Iterator[dict[str, Drawn]]:
    """Pictures that are made in this block stay there as they were drawn, by their names, beside what they became."""
    drawings: dict[str, Drawn] = {}
    token = _kept.set(drawings)
    try:
        yield drawings
    finally:
        _kept.reset(token)


def keep(drawn: Drawn) -> None:
    """Keep what a picture is made of, where that is asked for."""
    if (drawings := _kept.get()) is not None:
        drawings[drawn.name] = drawn


def finish(drawn: svg.Canvas, title: str, caption: str) -> Picture:
    """The picture of a canvas; its description repeats the numbers, for those who do not see it."""
    keep(drawn)
    numbers = drawn.texts()
    words = " ".join(text + "." for _, text in numbers[:40])
    return Picture(drawn.name, title, caption, svg.render(drawn, title, f"{caption} {words}"), tuple(numbers))


def numbered(name: str, at: int) -> str:
    """The name of a picture of which there is one for each group; the first has the plain one."""
    return f"{name}-{at + 1}" if at else name


def colour_of(row: Row) -> str:
    """The row's colour, the same in every picture."""
    return svg.SERIES[row.index % len(svg.SERIES)]


def marker_of(row: Row) -> str:
    """The row's marker, the second cue beside its colour."""
    return svg.MARKERS[row.index % len(svg.MARKERS)]


def dot(row: Row, size: float = 6.5) -> dict[str, Any]:
    """How the row's point is drawn."""
    return {
        "color": colour_of(row),
        "marker": marker_of(row),
        "markersize": size,
        "markeredgecolor": svg.SURFACE,
        "markeredgewidth": 0.8,
        "linestyle": "none",
        "zorder": 3,
    }


def short(label: str, most: int = 24) -> str:
    """A label that fits beside a picture."""
    label = " ".join(label.split())
    return label if len(label) <= most else label[: most - 1] + "…"


def arms(value: Value) -> list[list[float]] | None:
    """The interval as matplotlib wants it: lengths below and above the value; None without an interval."""
    if value.low is None or value.high is None:
        return None
    return [[max(value.value - value.low, 0)], [max(value.high - value.value, 0)]]


def axis_name(value: Value) -> str:
    """What an axis shows: the metric and its threads."""
    threads = f", {plural(value.threads, 'thread')}" if value.threads else ""
    return row_of(value.metric, value.unit).words + threads


def unit_axis(axis: Axis, metric: str, unit: str, *, few: bool = False) -> None:
    """Ticks with units instead of powers of ten, as many as fit; `few` where names take half of the width."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(metric, unit, value)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())
    if axis.get_scale() != "log":
        axis.set_major_locator(MaxNLocator(5, integer=metric == "epoch"))
        return
    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    crowded = decades * 1.6 if few else decades
    steps = (1,) if crowded > 3.2 else (1, 3) if crowded > 1.2 else (1, 2, 5)
    enough = decades > (1.0 if few else 0.7)  # for two of these ticks; else matplotlib takes ones that overlap
    axis.set_major_locator(LogLocator(subs=steps, numticks=4 if few else 8) if enough else MaxNLocator(4))


def accuracy_axis(
    axes: Any, values: Iterable[float], name: str = "test accuracy", *, ends: Iterable[float] = ()
) -> bool:
    """A vertical axis for accuracies, stretched towards 100 % so that 99.0 and 99.3 % lie apart.

    Returns whether any of the `ends` of intervals lies beyond it.
    """
    axes.set_yscale("logit")
    against = [1 / inside(value) - 1 for value in values]  # odds, in which the axis is logarithmic
    least, most = min(against) / _BEYOND, max(against) * _BEYOND
    reached = [1 / inside(end) - 1 for end in ends]
    against += [min(max(odds, least), most) for odds in reached]
    for room in (1.35, 2, 4, 8):
        low, high = 1 / (1 + max(against) * room), 1 / (1 + min(against) / room)
        if sum(low < share < high for share in _ACCURACIES) > 1:
            break
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(FixedLocator(_ACCURACIES))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.set_ylabel("")
    axes.set_title(name, loc="left", color=svg.MUTED)
    return any(not low <= 1 / (1 + odds) <= high for odds in reached)


def inside(share: float) -> float:
    """A share that a logit axis can show."""
    return float(min(max(share, 0.001), 0.9999))


def rowed(name: str, rows: list[Row], each: float = 20.0, extra: float = 48.0) -> svg.Canvas:
    """A canvas with one line a row, named at the left."""
    drawn = svg.canvas(name, height=each * len(rows) + extra)
    drawn.axes.set_ylim(len(rows) - 0.4, -0.6)
    drawn.axes.set_yticks(range(len(rows)), [short(row.label) for row in rows], color=svg.INK)
    for row, label in zip(rows, drawn.axes.get_yticklabels(), strict=True):
        drawn.mark(label, [row.key])
    return drawn


def beside(drawn: svg.Canvas, row: Row, at: int, text: str) -> None:
    """A number at the right end of the row's line."""
    note = drawn.axes.text(1.02, at, text, va="center", fontsize=9, transform=drawn.axes.get_yaxis_transform())
    drawn.mark(note, [row.key])
