"""Answers on the page: how fast each engine answers, what it needs to start, and what of the accuracy it loses."""

from collections.abc import Iterator, Sequence

from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench.metrics import SERVED_AT
from bench.report import svg
from bench.report.comparable import Group, groups
from bench.report.plotting import (
    DASHED,
    MOST_ROWS,
    Picture,
    arms,
    beside,
    colour_of,
    dot,
    finish,
    numbered,
    rowed,
    unit_axis,
)
from bench.report.record import Record, Row, Value
from bench.report.table import in_words
from bench.report.units import percent, quantity
from bench.text import plural

_PERCENTILES = ("latency", "latency_p90", "latency_p99")
_MARGIN = 1.15  # of an axis of batch sizes, which is logarithmic


def answers(record: Record) -> list[Picture]:
    """The pictures that have data: none where no cell has an engine."""
    return list(_drawn(record))


def _drawn(record: Record) -> Iterator[Picture]:
    for at, group in enumerate(groups(record, record.having("latency"), "latency")):
        rows = group.rows[:MOST_ROWS]
        yield _latencies(group, rows, at)
        yield _rates(group, rows, at)
        if lost := [row for row in rows if "accuracy_lost" in row.values]:
            yield _losses(group, lost, at)
        yield _starts(group, rows, at)


def _latencies(group: Group, rows: list[Row], at: int) -> Picture:
    drawn = rowed(numbered("answers-latency", at), rows, extra=76)
    axes = drawn.axes
    axes.set_xscale("log")
    for line, row in enumerate(rows):
        values = [row.values[name] for name in _PERCENTILES if name in row.values]
        axes.plot([value.value for value in values], [line] * len(values), color=colour_of(row), linewidth=1, zorder=2)
        for place, value in enumerate(values):
            _point(drawn, row, line, value, hollow=place > 0, size=6.5 - place)
        beside(drawn, row, line, quantity("latency", "s", values[0].value))
    _seconds_axis(drawn, len(rows))
    axes.set_xlabel("latency of one image · less is better")
    caption = (
        f"From the call until the scores of a single image are there{_threads(rows)}: filled marks (and the numbers) "
        "are the median, hollow ones the 90th and the 99th percentile, smaller the rarer. Each process has its own "
        "percentiles; bars are their 95 % intervals over fresh processes."
    )
    return finish(drawn, group.titled("Latency of a single image"), caption)


def _rates(group: Group, rows: list[Row], at: int) -> Picture:
    drawn = svg.canvas(numbered("answers-rate", at), width=420, height=280)
    axes, sizes = drawn.axes, set[int]()
    for row in rows:
        known = [(size, row.values[name]) for size, name in SERVED_AT.items() if name in row.values]
        sizes |= {size for size, _ in known}
        axes.plot(
            [size for size, _ in known],
            [value.value for _, value in known],
            color=colour_of(row),
            linewidth=1.2,
            zorder=2,
        )
        for size, value in known:
            bars = axes.errorbar([size], [value.value], yerr=arms(value), elinewidth=1.8, **dot(row))
            drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], f"{row.label}, {in_words(value)}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(min(sizes) / _MARGIN, max(sizes) * _MARGIN)
    axes.xaxis.set_major_locator(FixedLocator(sorted(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(visible=True, axis="y")
    unit_axis(axes.yaxis, "number", "1")
    axes.set_xlabel("images at once")
    axes.set_title("images/s", loc="left", color=svg.MUTED)
    caption = (
        f"Images a second against how many are given at once{_threads(rows)}; the marks are those of the table's rows, "
        "and bars are 95 % intervals over fresh processes. More is better."
    )
    return finish(drawn, group.titled("Throughput against batch size"), caption)


def _losses(group: Group, rows: list[Row], at: int) -> Picture:
    drawn = rowed(numbered("answers-lost", at), rows)
    axes = drawn.axes
    axes.axvline(0, color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    for line, row in enumerate(rows):
        _point(drawn, row, line, row.values["accuracy_lost"], more=_changed(row))
        beside(drawn, row, line, percent(row.values["accuracy_lost"].value))
    axes.margins(x=0.1)
    axes.grid(visible=True, axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))
    axes.set_xlabel("accuracy lost · less is better")
    caption = (
        "Accuracy of eager float32 less that of the engine, with the same weights on the same test images, image for "
        "image. With one seed bars are the 95 % interval over images (Agresti and Min), with several over seeds; "
        "how many answers differ at all stands among the numbers."
    )
    return finish(drawn, group.titled("Accuracy lost"), caption)


def _starts(group: Group, rows: list[Row], at: int) -> Picture:
    drawn = rowed(numbered("answers-start", at), rows)
    axes = drawn.axes
    axes.set_xscale("log")
    for line, row in enumerate(rows):
        size = quantity("size_on_disk", "B", row.values["size_on_disk"].value)
        _point(drawn, row, line, row.values["start_up"], more=f"; {size} on disk")
        beside(drawn, row, line, size)
    _seconds_axis(drawn, len(rows))
    axes.set_xlabel("start-up · size on disk at the right")
    caption = (
        "A fresh process that has imported torch loads the file and answers to one image; what a compiler kept of an "
        "earlier start is found again. The size is that of the file alone, without torch and the code of the net. "
        "Bars are 95 % intervals over fresh processes."
    )
    return finish(drawn, group.titled("Start-up and size"), caption)


def _point(
    drawn: svg.Canvas, row: Row, line: int, value: Value, *, hollow: bool = False, size: float = 6.5, more: str = ""
) -> None:
    """A value with its interval, on the line that its name has."""
    look = dot(row, size) | ({"markerfacecolor": svg.SURFACE, "markeredgecolor": colour_of(row)} if hollow else {})
    bars = drawn.axes.errorbar([value.value], [line], xerr=arms(value), elinewidth=1.8, **look)
    drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], f"{row.label}: {in_words(value)}{more}")


def _seconds_axis(drawn: svg.Canvas, rows: int) -> None:
    drawn.axes.set_ylim(rows - 0.4, -0.6)
    drawn.axes.margins(x=0.1)
    drawn.axes.grid(visible=True, axis="x")
    unit_axis(drawn.axes.xaxis, "latency", "s", few=True)


def _changed(row: Row) -> str:
    """How many answers differ, of how many; with several seeds of a net on average."""
    differ, scored = row.values.get("answers_differ"), row.values.get("answers_scored")
    if differ is None or scored is None:
        return ""
    return f"; {plural(round(differ.value * scored.value), 'answer')} of {scored.value:,.0f} differ"


def _threads(rows: Sequence[Row]) -> str:
    counts = sorted({value.threads for row in rows if (value := row.values["latency"]).threads})
    return f" with {plural(counts[0], 'CPU thread')}" if len(counts) == 1 else ""
