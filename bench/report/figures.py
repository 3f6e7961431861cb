"""The pictures of choice and speed: what each setting costs, where its time goes, and what it gives for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from bench.report import svg
from bench.report.record import Record, Row, Value
from bench.report.table import HEADINGS, told
from bench.report.units import quantity
from bench.store.result import QUANTILES

PHASES = ("fetch", "zero_grad", "forward", "loss", "backward", "optimizer")
_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")
_MOST_ROWS = 60  # more rows than this make a picture nobody can read


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its heading, the sentence that explains it, and its numbers in words."""

    name: str
    title: str
    caption: str
    svg: str
    numbers: tuple[tuple[str, str], ...]
    wide: bool = False


def choosing(record: Record) -> list[Picture]:
    """Accuracy against what it costs, once for each kind of cost."""
    against = ("relative_cost", "throughput", "peak_memory", "parameters")
    return [picture for metric in against if (picture := _front(record, metric))]


def speed(record: Record) -> list[Picture]:
    """Relative cost, the phases of a step, and the spread of its times."""
    return [picture for draw in (_costs, _phases, _spread) if (picture := draw(record))]


def finish(drawn: svg.Canvas, title: str, caption: str) -> Picture:
    """The picture of a canvas; its description repeats the numbers, for those who do not see it."""
    numbers = drawn.texts()
    words = " ".join(text + "." for _, text in numbers[:40])
    return Picture(drawn.name, title, caption, svg.render(drawn, title, f"{caption} {words}"), tuple(numbers))


def colour_of(row: Row) -> str:
    """The row's colour, the same in every picture."""
    return svg.SERIES[row.index % len(svg.SERIES)]


def marker_of(row: Row) -> str:
    """The row's marker, the second cue beside its colour."""
    return svg.MARKERS[row.index % len(svg.MARKERS)]


def short(label: str, most: int = 26) -> str:
    """A label that fits beside a picture."""
    label = " ".join(label.split())
    return label if len(label) <= most else label[: most - 1] + "…"


def scale_axis(axis: Any, metric: str, unit: str, *, log: bool) -> None:
    """Ticks with units instead of powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: quantity(metric, unit, value)))
    axis.set_minor_formatter(NullFormatter())
    if not log:
        axis.set_major_locator(MaxNLocator(5))
        return
    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    axis.set_major_locator(LogLocator(subs=(1,) if decades > 2 else (1, 3) if decades > 1 else (1, 2, 5)))
    if decades < 0.5:
        axis.set_major_locator(MaxNLocator(4))


def _front(record: Record, metric: str) -> Picture | None:
    rows = record.having("accuracy", metric)
    if len(rows) < 2:
        return None
    drawn = svg.canvas(f"choose-{metric.replace('_', '-')}", height=250)
    axes, first = drawn.axes, rows[0].values[metric]
    axes.set_xscale("log")
    best = _pareto(rows, metric)
    line = axes.plot(*_points(best, metric), color=svg.MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    drawn.mark(line, [row.key for row in best])
    for row in rows:
        _point(drawn, row, metric)
    axes.margins(0.14, 0.12)
    axes.grid(axis="both")
    scale_axis(axes.xaxis, metric, first.unit, log=True)
    scale_axis(axes.yaxis, "accuracy", "1", log=False)
    axes.set_xlabel(_axis(first) + (" → better" if first.direction == "higher" else " · less is better"))
    axes.set_title("test accuracy", loc="left", color=svg.MUTED)
    _name_points(drawn, rows, metric)
    word = HEADINGS.get(metric, metric).lower()
    better = "more" if first.direction == "higher" else "less"
    caption = (
        f"On the dashed front no setting gives more accuracy for {better} {word}: "
        f"{', '.join(row.label for row in best)}. Bars are 95 % intervals, absent from single visits and seeds."
    )
    return finish(drawn, f"Accuracy against {word}", caption)


def _point(drawn: svg.Canvas, row: Row, metric: str) -> None:
    across, up = row.values[metric], row.values["accuracy"]
    bars = drawn.axes.errorbar(
        [across.value], [up.value], xerr=_arms(across), yerr=_arms(up), color=colour_of(row), marker=marker_of(row),
        markersize=7, elinewidth=1.2, markeredgecolor=svg.SURFACE, markeredgewidth=0.8, linestyle="none", zorder=3,
    )  # fmt: skip
    drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], f"{row.label}: {told(up)}; {told(across)}")


def _arms(value: Value) -> list[list[float]] | None:
    if value.low is None or value.high is None:
        return None
    return [[max(value.value - value.low, 0)], [max(value.high - value.value, 0)]]


def _pareto(rows: list[Row], metric: str) -> list[Row]:
    """The rows that no other row beats in both, cheapest first."""
    sign = -1 if rows[0].values[metric].direction == "higher" else 1
    front: list[Row] = []
    for row in sorted(rows, key=lambda one: (sign * one.values[metric].value, -one.values["accuracy"].value)):
        if not front or row.values["accuracy"].value > front[-1].values["accuracy"].value:
            front.append(row)
    return front


def _points(rows: list[Row], metric: str) -> tuple[list[float], list[float]]:
    return [row.values[metric].value for row in rows], [row.values["accuracy"].value for row in rows]


def _name_points(drawn: svg.Canvas, rows: list[Row], metric: str) -> None:
    """A label beside each point where it hides neither a point nor a label; the key names the others."""
    drawn.figure.canvas.draw_idle()
    drawn.figure.draw_without_rendering()
    per_point = drawn.figure.dpi / 72
    places = drawn.axes.transData.transform(np.column_stack(_points(rows, metric))) / per_point
    box = drawn.axes.get_window_extent()
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    for row, (x, y) in zip(rows, places, strict=True):
        text = short(row.label, 20)
        wide = 4.9 * len(text)
        spots = ((7, -4, "left"), (-7 - wide, -4, "right"), (-wide / 2, 7, "center"), (-wide / 2, -15, "center"))
        for left, low, side in spots:
            area = (x + left, y + low, x + left + wide, y + low + 9)
            inside = area[0] >= box.x0 / per_point - 20 and area[2] <= box.x1 / per_point + 6
            if inside and not any(_meet(area, other) for other in taken):
                taken.append(area)
                offset = {"left": 7, "right": -7, "center": 0}[side]
                name = drawn.axes.annotate(text, _points([row], metric) and (row.values[metric].value, row.values["accuracy"].value),
                    (offset, low + 1), textcoords="offset points", ha=side, fontsize=8, color=svg.INK)  # fmt: skip
                drawn.mark(name, [row.key])
                break


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _axis(value: Value) -> str:
    threads = f", {value.threads} thread{'s' * (value.threads != 1)}" if value.threads else ""
    return HEADINGS.get(value.metric, value.metric).lower() + threads


def _rowed(name: str, rows: list[Row], each: float = 19.0) -> svg.Canvas:
    """A canvas with one line a row, named at the left."""
    drawn = svg.canvas(name, height=each * len(rows) + 62)
    drawn.axes.set_ylim(len(rows) - 0.4, -0.6)
    drawn.axes.set_yticks(range(len(rows)), [short(row.label, 24) for row in rows], color=svg.INK)
    for row, tick in zip(rows, drawn.axes.get_yticklabels(), strict=True):
        drawn.mark(tick, [row.key])
    return drawn


def _costs(record: Record) -> Picture | None:
    rows = record.having("relative_cost")[:_MOST_ROWS]
    if not rows:
        return None
    drawn = _rowed("speed-cost", rows)
    axes, first = drawn.axes, rows[0].values["relative_cost"]
    axes.set_xscale("log")
    axes.axvline(1, color=svg.MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for at, row in enumerate(rows):
        value = row.values["relative_cost"]
        bars = axes.errorbar(
            [value.value], [at], xerr=_arms(value), color=colour_of(row), marker=marker_of(row), markersize=6.5,
            elinewidth=2, capsize=3, markeredgecolor=svg.SURFACE, markeredgewidth=0.8, linestyle="none", zorder=3,
        )  # fmt: skip
        drawn.mark([bars.lines[0], *bars.lines[1], *bars.lines[2]], [row.key], f"{row.label}: {told(value)}")
    axes.margins(x=0.1)
    axes.grid(axis="x")
    scale_axis(axes.xaxis, "relative_cost", "1", log=True)
    axes.set_xlabel(f"{_axis(first)} · less is better")
    caption = (
        f"Seconds an image relative to {record.reference()} (dashed, 1×), both measured in turn in one process; "
        "bars are 95 % intervals over fresh processes, and a dot without one stands for a single visit."
    )
    return finish(drawn, "Relative cost of a training step", caption)


def _phases(record: Record) -> Picture | None:
    rows = [row for row in record.rows if row.status == "ok" and sum(phase in row.values for phase in PHASES) > 1][
        :_MOST_ROWS
    ]
    if not rows:
        return None
    drawn = _rowed("speed-phases", rows)
    axes, seen = drawn.axes, [phase for phase in PHASES if any(phase in row.values for row in rows)]
    for at, row in enumerate(rows):
        total, left = sum(row.values[phase].value for phase in seen if phase in row.values), 0.0
        for phase in [phase for phase in seen if phase in row.values]:
            value = row.values[phase]
            which = PHASES.index(phase)
            bar = axes.barh(
                at, value.value / total, left=left, height=0.66, color=svg.SERIES[which], hatch=_HATCHES[which],
                edgecolor=svg.SURFACE, linewidth=0.8,
            )  # fmt: skip
            drawn.mark(bar, [row.key], f"{row.label}: {told(value)}, {value.value / total:.0%} of the step's phases")
            left += value.value / total
        note = axes.text(1.02, at, quantity("step", "s", total), va="center", fontsize=8.5)
        drawn.mark(note, [row.key])
    _legend(axes, seen)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.set_xlabel("share of the step · at the right: sum of the phases")
    caption = (
        f"Where a training step's time goes{_threads(rows[0].values[seen[0]])}; each phase is the 25th percentile of its "
        "own times, so that the parts add up to about a step, not exactly to one."
    )
    return finish(
        drawn, "Phases of a step", caption.replace("the 25th percentile", _statistic(rows[0].values[seen[0]]))
    )


def _legend(axes: Axes, seen: list[str]) -> None:
    swatches = [
        axes.barh(0, 0, color=svg.SERIES[PHASES.index(one)], hatch=_HATCHES[PHASES.index(one)], edgecolor=svg.SURFACE)
        for one in seen
    ]
    names = [HEADINGS.get(one, one).lower() for one in seen]
    axes.figure.legend(
        swatches, names, loc="outside upper center", ncols=3, fontsize=8, handlelength=1.6, columnspacing=1.2
    )


def _threads(value: Value) -> str:
    return f" with {value.threads} CPU thread{'s' * (value.threads != 1)}" if value.threads else ""


def _statistic(value: Value) -> str:
    from bench.report.units import STATISTICS

    return f"the {STATISTICS.get(value.statistic, value.statistic)}"


def _spread(record: Record) -> Picture | None:
    rows = [row for row in record.rows if row.status == "ok" and row.steps][:_MOST_ROWS]
    if not rows:
        return None
    drawn = _rowed("speed-spread", rows, each=24.0)
    axes = drawn.axes
    axes.set_xscale("log")
    for at, row in enumerate(rows):
        visits = row.steps[:8]
        for number, samples in enumerate(visits, 1):
            _box(drawn, row, samples, at + 0.72 * ((number - 0.5) / len(visits) - 0.5), 0.52 / len(visits), number)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [short(row.label, 24) for row in rows], color=svg.INK)
    axes.grid(axis="x")
    scale_axis(axes.xaxis, "step", "s", log=True)
    first = rows[0].values.get("step")
    axes.set_xlabel(_axis(first) if first else "step")
    caption = (
        "Times of single steps, one box a visit (a fresh process): the box spans the middle half, its line is the median, "
        "the whiskers reach from the 10th to the 90th percentile. Boxes of one setting that lie apart show how far processes differ."
    )
    return finish(drawn, "Spread of the step times", caption)


def _box(drawn: svg.Canvas, row: Row, samples: Any, at: float, height: float, number: int) -> None:
    before: set[Any] = set(drawn.axes.get_children())
    sns.boxplot(
        x=samples, y=np.full(len(samples), at), orient="h", native_scale=True, width=height, whis=(10, 90), showfliers=False,
        color=colour_of(row), linewidth=1, linecolor=svg.INK, saturation=1, ax=drawn.axes,
    )  # fmt: skip
    low, median, high = np.quantile(samples, [QUANTILES[one] for one in ("p25", "median", "p75")])
    words = ", ".join(f"{name} {quantity('step', 's', value)}" for name, value in
        (("25th percentile", low), ("median", median), ("75th percentile", high)))  # fmt: skip
    made = [one for one in drawn.axes.get_children() if one not in before]
    drawn.mark(made, [row.key], f"{row.label}, visit {number}: {words}, n = {len(samples):,} steps")


DRAWERS: tuple[Callable[[Record], list[Picture]], ...] = (choosing, speed)
