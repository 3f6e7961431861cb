"""Speed: pictures of relative cost, throughput, the phases of a step, and the spread of its times."""

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.metrics import METRICS
from bench.report import svg
from bench.report.comparable import Group, groups
from bench.report.plotting import (
    DASHED,
    MOST_ROWS,
    Picture,
    arms,
    axis_name,
    beside,
    colour_of,
    dot,
    finish,
    numbered,
    rowed,
    unit_axis,
)
from bench.report.record import Record, Row, Value
from bench.report.roofline import roofline
from bench.report.table import in_words
from bench.report.units import either_way, quantity
from bench.store.result import QUANTILES, Floats
from bench.text import STATISTICS, number, plural
from bench.vocabulary import PHASES

# colour and hatch of each phase; forward, backward and optimizer, which fill the bars, are the calm ones
_LOOK = {
    "fetch": (svg.SERIES[7], "xxx"),
    "zero_grad": (svg.SERIES[4], "\\\\\\"),
    "forward": (svg.SERIES[0], ""),
    "loss": (svg.SERIES[3], "---"),
    "backward": (svg.SERIES[1], "///"),
    "optimizer": (svg.SERIES[2], "..."),
}
_MOST_BOXES = 8  # boxes a configuration


def speed(record: Record) -> list[Picture]:
    """The pictures that have data."""
    costs = [_costs(record, group, at) for at, group in enumerate(_compared(record, "relative_cost"))]
    rates = [_rates(group, at) for at, group in enumerate(_compared(record, "throughput"))]
    drawn = [*costs, _phases(record), *rates, _spread(record), roofline(record)]
    return [picture for picture in drawn if picture]


def _compared(record: Record, metric: str) -> list[Group]:
    """The rows that compare, each group for a picture of its own."""
    return groups(record, record.having(metric), metric)


def _costs(record: Record, group: Group, at: int) -> Picture:
    rows = group.rows[:MOST_ROWS]
    drawn = rowed(numbered("speed-cost", at), rows)
    axes, first = drawn.axes, rows[0].values["relative_cost"]
    axes.axvline(1, color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    _dots(drawn, rows, "relative_cost")
    for line, row in enumerate(rows):
        value = row.values["relative_cost"]
        certainty = "" if value.relative_half is None else f" {either_way(value.relative_half)}"
        beside(drawn, row, line, quantity("relative_cost", "1", value.value) + certainty)
    axes.set_xlabel(f"{axis_name(first)} · less is better")
    caption = (
        f"Seconds an image relative to {record.reference()}, the dashed line, both measured in turn in one process; "
        "bars are 95 % intervals over fresh processes, and a mark without one stands for a single process."
    )
    return finish(drawn, group.titled("Relative cost of a training step"), caption)


def _rates(group: Group, at: int) -> Picture:
    rows = group.rows[:MOST_ROWS]
    drawn = rowed(numbered("speed-throughput", at), rows)
    axes, first = drawn.axes, rows[0].values["throughput"]
    _dots(drawn, rows, "inference_throughput", hollow=True)
    _dots(drawn, rows, "throughput")
    for line, row in enumerate(rows):
        beside(drawn, row, line, number(row.values["throughput"].value, row.values["throughput"].half))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"images/s{_threads([first])} · more is better")
    hollow = any("inference_throughput" in row.values for row in rows)
    caption = (
        f"Images a second{_threads([first])}, in this run: filled marks (and the numbers) for training steps without "
        "the fetch of their batches, so that training gives fewer"
        f"{', hollow marks for inference without gradients' if hollow else ''}; bars are 95 % intervals over processes."
    )
    return finish(drawn, group.titled("Throughput of a step"), caption)


def _dots(drawn: svg.Canvas, rows: list[Row], metric: str, *, hollow: bool = False) -> None:
    """Each row's value with its interval on a logarithmic axis, on the line that its name has."""
    axes = drawn.axes
    axes.set_xscale("log")
    for at, row in enumerate(rows):
        value = row.values.get(metric)
        if value is None or value.value <= 0:
            continue
        look = dot(row) | ({"markerfacecolor": svg.SURFACE, "markeredgecolor": colour_of(row)} if hollow else {})
        bars = axes.errorbar([value.value], [at], xerr=arms(value), elinewidth=1.8, **look)
        drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], f"{row.label}: {in_words(value)}")
    axes.margins(x=0.1)
    axes.grid(visible=True, axis="x")
    unit_axis(axes.xaxis, "number" if METRICS[metric].kind == "rate" else metric, "1", few=True)


def _phases(record: Record) -> Picture | None:
    having = [row for row in record.rows if row.status == "ok" and sum(phase in row.values for phase in PHASES) > 1]
    rows = having[:MOST_ROWS]
    if not rows:
        return None
    drawn = rowed("speed-phases", rows, extra=76)
    axes, seen = drawn.axes, [phase for phase in PHASES if any(phase in row.values for row in rows)]
    for at, row in enumerate(rows):
        _stack(drawn, row, at, [row.values[phase] for phase in seen if phase in row.values])
    swatches: list[Any] = [
        axes.barh(0, 0, color=_LOOK[phase][0], hatch=_LOOK[phase][1], edgecolor=svg.SURFACE) for phase in seen
    ]
    names = [METRICS[phase].words for phase in seen]
    drawn.figure.legend(swatches, names, loc="outside upper center", ncols=3, fontsize=9)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    axes.set_xlabel("share of the phases · their sum at the right")
    first = rows[0].values[next(phase for phase in seen if phase in rows[0].values)]
    caption = (
        f"Where the time of a training step goes{_threads(_values(rows, first.metric))}: each phase is the "
        f"{STATISTICS.get(first.statistic, first.statistic)} of its own times, so their sum is close to a step, "
        "not equal to it."
    )
    return finish(drawn, "Phases of a step", caption)


def _stack(drawn: svg.Canvas, row: Row, at: int, values: list[Value]) -> None:
    total, left = sum(value.value for value in values) or 1.0, 0.0
    for value in values:
        colour, hatch = _LOOK[value.metric]
        share = value.value / total
        bar = drawn.axes.barh(
            at, share, left=left, height=0.64, color=colour, hatch=hatch, edgecolor=svg.SURFACE, linewidth=0.8
        )
        drawn.mark(bar, [row.key], f"{row.label}: {in_words(value)}, {share * 100:.3g} % of the phases")
        left += share
    beside(drawn, row, at, quantity("step", "s", total))


def _spread(record: Record) -> Picture | None:
    rows = [row for row in record.rows if row.status == "ok" and row.steps][:MOST_ROWS]
    if not rows:
        return None
    drawn = rowed("speed-spread", rows, each=10 + 5 * min(max(len(row.steps) for row in rows), _MOST_BOXES))
    axes = drawn.axes
    for at, row in enumerate(rows):
        usual = float(np.median([np.median(samples) for samples in row.steps]))
        _boxes(drawn, row, at, usual)
        beside(drawn, row, at, quantity("step", "s", usual))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="x")
    if axes.get_xlim()[1] > 4:  # some process was many times slower
        axes.set_xscale("log")
        unit_axis(axes.xaxis, "relative", "1", few=True)
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{(ratio - 1) * 100:+.0f} %"))
    axes.set_xlabel("against the configuration's median, at the right")
    caption = (
        f"Times of single steps{_threads(_values(rows, 'step'))}, one box a process ("
        f"{_MOST_BOXES} at most): the box "
        "spans the middle half, its line is the median, the whiskers reach from the 10th to the 90th percentile. "
        "Boxes of one configuration that lie apart show how much processes differ."
    )
    return finish(drawn, "Spread of the step times", caption)


def _boxes(drawn: svg.Canvas, row: Row, at: int, usual: float) -> None:
    """One box a process, under each other within the row's line."""
    processes = row.steps[:_MOST_BOXES]
    for process, samples in enumerate(processes, 1):
        low, q1, median, q3, high = np.quantile(
            samples, [QUANTILES[name] for name in ("p10", "p25", "median", "p75", "p90")]
        )
        place = at + 0.74 * ((process - 0.5) / len(processes) - 0.5)
        edges = dict(
            zip(("whislo", "q1", "med", "q3", "whishi"), np.array([low, q1, median, q3, high]) / usual, strict=True)
        )
        box = drawn.axes.bxp(
            [edges],
            positions=[place],
            widths=0.5 / len(processes),
            orientation="horizontal",
            showfliers=False,
            showcaps=False,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": colour_of(row), "edgecolor": colour_of(row), "linewidth": 1},
            whiskerprops={"color": colour_of(row)},
            medianprops={"color": svg.SURFACE, "linewidth": 1.4},
        )
        drawn.mark([part for parts in box.values() for part in parts], [row.key], _box_text(row, process, samples))


def _box_text(row: Row, process: int, samples: Floats) -> str:
    parts = [
        f"{STATISTICS[name]} {quantity('step', 's', float(np.quantile(samples, QUANTILES[name])))}"
        for name in ("p10", "p25", "median", "p75", "p90")
    ]
    return f"{row.label}, process {process}: {', '.join(parts)}, n = {plural(len(samples), 'step')}"


def _values(rows: list[Row], metric: str) -> list[Value]:
    return [row.values[metric] for row in rows if metric in row.values]


def _threads(values: list[Value]) -> str:
    """With how many threads the values were taken, all of them: " with 1 or 2 CPU threads"."""
    counts = sorted({value.threads for value in values if value.threads})
    if len(counts) == 1:
        return f" with {plural(counts[0], 'CPU thread')}"
    return f" with {' or '.join(map(str, counts))} CPU threads, as the names say" if counts else ""
