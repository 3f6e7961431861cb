"""Scaling on the page: the efficiency of several ranks, and how much of their step is communication."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.plan.grid import AXES
from bench.report import svg
from bench.report.plotting import DASHED, MOST_ROWS, Picture, arms, beside, colour_of, dot, finish, rowed
from bench.report.record import Record, Row
from bench.report.table import in_words
from bench.report.units import percent, quantity
from bench.store.scaling import STRONG, WEAK
from bench.text import plural

_ALIKE = tuple(name for name in AXES if name not in ("batch_size", "world_size", "seed"))
_SHOWN = ((WEAK, "weak", "-"), (STRONG, "strong", DASHED))
_MARGIN = 1.15  # of an axis of world sizes, which is logarithmic


@dataclass(slots=True)
class _Line:
    """The rows of one kind of scaling that have one rank in common, by their world sizes."""

    metric: str
    kind: str
    dash: Any
    alone: Row
    rows: list[Row] = field(default_factory=list)


def scaling(record: Record) -> list[Picture]:
    """The pictures that have data: none where every cell trains alone."""
    drawn = [_efficiencies(record), _communication(record)]
    return [picture for picture in drawn if picture]


def _efficiencies(record: Record) -> Picture | None:
    lines = list(_lines(record))[:MOST_ROWS]
    if not lines:
        return None
    drawn = svg.canvas("ranks-efficiency", width=420, height=240)
    axes, worlds = drawn.axes, {1}
    axes.axhline(1, color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    for line in lines:
        places = [1, *(int(row.cell["world_size"]) for row in line.rows)]
        worlds |= {*places}
        heights = [1.0, *(row.values[line.metric].value for row in line.rows)]
        axes.plot(places, heights, color=colour_of(line.alone), linewidth=1.2, linestyle=line.dash, zorder=2)
        for row, place in zip(line.rows, places[1:], strict=True):
            value = row.values[line.metric]
            look = dot(row) | {"color": colour_of(line.alone)}
            bars = axes.errorbar([place], [value.value], yerr=arms(value), elinewidth=1.8, **look)
            text = f"{row.label}: {in_words(value)}{_marked(row)}"
            drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], text)
    axes.set_xscale("log", base=2)
    axes.set_xlim(1 / _MARGIN, max(worlds) * _MARGIN)
    axes.set_ylim(0, None)
    axes.xaxis.set_major_locator(FixedLocator(sorted(worlds)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value) if value else "0 %"))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("ranks")
    caption = (
        "Images a second over world size times those of one rank of this run, which trains without "
        "DistributedDataParallel: weak scaling (drawn through) has as many images for each rank, strong scaling "
        "(dashed) splits one batch among them. The dashed line at 100 % is no loss; bars are 95 % intervals over "
        "fresh launches."
    )
    return finish(drawn, "Efficiency of several ranks", caption)


def _lines(record: Record) -> Iterable[_Line]:
    """A line for each cell of one rank and kind of scaling that some row of several ranks belongs to."""
    alone = {(*_alike(row), row.cell["batch_size"]): row for row in record.having("throughput") if _ranks(row) == 1}
    lines: dict[tuple[Any, ...], _Line] = {}
    for row in sorted(record.having("throughput"), key=_ranks):
        for metric, kind, dash in _SHOWN:
            size = row.cell["batch_size"] / (_ranks(row) if metric == WEAK else 1)
            base = alone.get((*_alike(row), size))
            if metric in row.values and base:
                lines.setdefault((metric, base.key), _Line(metric, kind, dash, base)).rows.append(row)
    return lines.values()


def _alike(row: Row) -> tuple[Any, ...]:
    return (row.machine, *(row.cell[name] for name in _ALIKE))


def _ranks(row: Row) -> int:
    return int(row.cell["world_size"] or 1)


def _marked(row: Row) -> str:
    """That the ranks of a row had to share cores, where they did."""
    return ", oversubscribed" if row.oversubscribed else ""


def _communication(record: Record) -> Picture | None:
    rows = record.having("communication", "communication_exposed", "step")[:MOST_ROWS]
    if not rows:
        return None
    drawn = rowed("ranks-communication", rows, extra=76)
    axes = drawn.axes
    for at, row in enumerate(rows):
        step, whole, exposed = (row.values[name].value for name in ("step", "communication", "communication_exposed"))
        hidden = max(whole - exposed, 0.0)
        for length, left, hatch, alpha in ((exposed, 0.0, "", 1.0), (hidden, exposed, "///", 0.5)):
            bar = axes.barh(
                at, length / step, left=left / step, height=0.64, color=colour_of(row), hatch=hatch, alpha=alpha
            )
            words = f"{in_words(row.values['communication'])}; {in_words(row.values['communication_exposed'])}"
            drawn.mark(bar, [row.key], f"{row.label}, {plural(_ranks(row), 'rank')}: {words}{_marked(row)}")
        beside(drawn, row, at, quantity("communication", "s", whole))
    axes.set_xlim(0, None)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    axes.set_xlabel("share of a step · seconds a step at the right")
    caption = (
        "How long an exchange of gradients is in flight in a step, from a trace of the rank that waits least in it: "
        "full where nothing is computed beside it, hatched where work hides it. The trace is a pass of its own, in "
        "which steps take somewhat longer."
    )
    return finish(drawn, "Communication", caption)
