"""Memory on the page: what a step of each configuration holds when, what that is at its peak, and what is traded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.report import svg
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
from bench.report.record import Record, Row
from bench.report.table import in_words
from bench.report.units import percent, quantity
from bench.text import joined
from bench.vocabulary import MEMORY_CATEGORIES, MemoryCategory

MOST_PICTURES = 8  # of steps, one a configuration; what each of them holds at its peak stands in one picture for all
# How the marks of a trade are filled.
_TRADED: Mapping[str, dict[str, Any]] = {
    "recompute_time": {"fillstyle": "full"},
    "recompute_memory": {"markerfacecolor": svg.SURFACE},
    "recompute_held": {"fillstyle": "bottom", "markerfacecoloralt": svg.SURFACE},
}
LETTER = 0.0115  # of a step's picture, which a letter takes: phases that are shorter than their names have none
# colour and hatch of each category, from what is there all the time to what comes and goes
_LOOK: Mapping[MemoryCategory, tuple[str, str]] = {
    "weights": (svg.SERIES[0], ""),
    "optimizer state": (svg.SERIES[5], "---"),
    "gradients": (svg.SERIES[4], "\\\\\\"),
    "inputs": (svg.SERIES[2], "..."),
    "activations": (svg.SERIES[1], "///"),
    "temporary": (svg.SERIES[7], "xxx"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What a step of one configuration holds when.

    Attributes:
        row: the configuration.
        memory: as `bench.store.stored.StoredMemory`.

    """

    row: Row
    memory: Mapping[str, Any]

    @property
    def totals(self) -> list[int]:
        """Bytes of all categories at each moment."""
        return [sum(sizes) for sizes in zip(*self.memory["bytes"].values(), strict=True)]

    @property
    def peak(self) -> int:
        """The place of the moment at which most is held."""
        totals = self.totals
        return max(range(len(totals)), key=totals.__getitem__)

    @property
    def at_peak(self) -> dict[MemoryCategory, int]:
        """Bytes by category at the peak, in the order of the categories."""
        sizes, at = self.memory["bytes"], self.peak
        return {name: sizes[name][at] for name in MEMORY_CATEGORIES if name in sizes and sizes[name][at]}

    @property
    def phase(self) -> str:
        """The phase that the peak lies in, in words."""
        moment = self.memory["seconds"][self.peak]
        begun = [each["phase"] for each in self.memory["phases"] if each["start"] <= moment]
        return _words(begun[-1]) if begun else "the step"

    @property
    def sentence(self) -> str:
        """What the peak is made of."""
        sizes = self.at_peak
        total = sum(sizes.values())
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        shares = [f"{percent(sizes[name] / total)} of the bytes are {name}" for name in largest[:1]]
        shares += [f"{percent(sizes[name] / total)} {name}" for name in largest[1:]]
        return f"At the peak, {_bytes(total)} in {self.phase}, {joined(shares)}."


def memory(record: Record) -> list[Picture]:
    """The pictures that have data."""
    held = _held(record)
    drawn = [_peaks(held), *(_step(each, at) for at, each in enumerate(held[:MOST_PICTURES])), _trade(record)]
    return [picture for picture in drawn if picture]


def _held(record: Record) -> list[Held]:
    """What was recorded of each configuration, of the first of its cells that has it."""
    known: dict[Cell, Mapping[str, Any]] = {}
    for result in record.results:
        if result.get("memory") and any(map(any, result["memory"]["bytes"].values())):
            known.setdefault(Cell.from_dict(result["cell"]), result["memory"])
    pairs = ((row, next((known[cell] for cell in row.cells if cell in known), None)) for row in record.rows)
    return [Held(row, stored) for row, stored in pairs if stored][:MOST_ROWS]


def _bytes(size: float) -> str:
    return quantity("peak_memory", "B", size)


def _words(phase: str) -> str:
    """A phase as in a sentence."""
    return f"the {METRICS[phase].words} phase" if phase in METRICS else f"'{phase}'"


def _swatches(drawn: svg.Canvas, names: Sequence[MemoryCategory]) -> None:
    """The key of the categories above a picture."""
    swatches: list[Any] = [
        drawn.axes.barh(0, 0, color=_LOOK[name][0], hatch=_LOOK[name][1], edgecolor=svg.SURFACE) for name in names
    ]
    drawn.figure.legend(swatches, names, loc="outside upper center", ncols=3, fontsize=9)


def _peaks(held: Sequence[Held]) -> Picture | None:
    if not held:
        return None
    drawn = rowed("memory-peaks", [each.row for each in held], extra=76)
    for at, each in enumerate(held):
        left, total = 0, max(each.totals)
        for name, size in each.at_peak.items():
            colour, hatch = _LOOK[name]
            bar = drawn.axes.barh(
                at, size, left=left, height=0.64, color=colour, hatch=hatch, edgecolor=svg.SURFACE, linewidth=0.8
            )
            text = f"{each.row.label}: {_bytes(size)} {name}, {percent(size / total)} of its peak"
            drawn.mark(bar, [each.row.key], text)
            left += size
        beside(drawn, each.row, at, _bytes(total))
    _swatches(drawn, [name for name in MEMORY_CATEGORIES if any(name in each.at_peak for each in held)])
    drawn.axes.set_xlim(0, None)
    unit_axis(drawn.axes.xaxis, "peak_memory", "B", few=True)
    drawn.axes.set_xlabel("bytes at the peak of a step · their sum at the right")
    caption = (
        "What one step holds where it holds most, recorded in a pass of its own: bytes that torch's allocator handed "
        "out, without the images of other batches. Scratch space that libraries take by themselves is not in it, "
        "and neither are Python and torch."
    )
    return finish(drawn, "Memory at the peak of a step", caption)


def _step(held: Held, at: int) -> Picture:
    drawn = svg.canvas(numbered("memory-step", at), width=420, height=240)
    axes, stored = drawn.axes, held.memory
    moments, end = [*stored["seconds"], stored["end"]], stored["end"] or 1e-9
    base = [0] * len(moments)
    shown = [name for name in MEMORY_CATEGORIES if any(stored["bytes"].get(name, ()))]
    for name in shown:
        sizes = stored["bytes"][name]
        top = [below + size for below, size in zip(base, [*sizes, sizes[-1]], strict=True)]
        colour, hatch = _LOOK[name]
        look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": svg.SURFACE, "linewidth": 0.0}
        area = axes.fill_between(moments, base, top, step="post", **look)
        share = percent(held.at_peak.get(name, 0) / max(held.totals))
        text = f"{held.row.label}: {name} {_bytes(max(sizes))} at most, {share} of the step's peak"
        drawn.mark(area, [held.row.key], text)
        base = top
    for phase, place, width in _phases(stored, end):
        axes.axvline(place, color=svg.LINE, linewidth=1, linestyle=DASHED, zorder=3)
        words = METRICS[phase].words if phase in METRICS else phase
        if width > LETTER * (len(words) + 1) * end or place + width >= end:  # beside the last one there is room
            axes.text(place, 1.01, f" {words}", fontsize=8.5, transform=axes.get_xaxis_transform(), color=svg.MUTED)
    _swatches(drawn, shown)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.04 * max(held.totals))
    unit_axis(axes.xaxis, "step", "s")
    unit_axis(axes.yaxis, "peak_memory", "B")
    axes.set_xlabel("time within the recorded step, which takes longer than a timed one")
    caption = f"{held.sentence} Dashed lines are where a phase begins."
    key = held.row.key
    picture = finish(drawn, f"A step of {held.row.label}", caption)
    return Picture(picture.name, picture.title, picture.caption, picture.svg, picture.numbers, key)


def _phases(stored: Mapping[str, Any], end: float) -> list[tuple[str, float, float]]:
    """Each phase with where it begins and how long it lasts."""
    starts = [each["start"] for each in stored["phases"]]
    lasting = [after - start for start, after in zip(starts, [*starts[1:], end], strict=True)]
    return [(each["phase"], each["start"], width) for each, width in zip(stored["phases"], lasting, strict=True)]


def _trade(record: Record) -> Picture | None:
    rows = record.having("recompute_time", "recompute_memory")[:MOST_ROWS]
    if not rows:
        return None
    drawn = rowed("memory-trade", rows)
    axes = drawn.axes
    axes.axvline(1, color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    for at, row in enumerate(rows):
        for metric, look in _TRADED.items():
            if value := row.values.get(metric):
                own = dot(row) | {"markeredgecolor": colour_of(row)} | look
                bars = axes.errorbar([value.value], [at], xerr=arms(value), elinewidth=1.8, **own)
                drawn.mark([bars.lines[0], *bars.lines[2]], [row.key], f"{row.label}: {in_words(value)}")
        changes = (row.values[name].value - 1 for name in ("recompute_time", "recompute_memory"))
        beside(drawn, row, at, " · ".join(f"{change * 100:+.0f} %" for change in changes))
    axes.set_xscale("log")
    axes.margins(x=0.1)
    axes.grid(visible=True, axis="x")
    unit_axis(axes.xaxis, "recompute_time", "1", few=True)
    axes.set_xlabel("against eager · time, memory at the right")
    caption = (
        "Activation checkpointing (the mode recompute) against keeping all activations: what it adds to the time of a "
        "step, filled marks, and saves of the peak of memory as the metric peak_memory has it, hollow marks, with 95 % "
        "intervals over processes; with a profile also of the bytes held at the peak, half-filled marks."
        f"{_held_less(rows)}"
    )
    return finish(drawn, "Memory traded for time", caption)


def _held_less(rows: Sequence[Row]) -> str:
    """By how much less, or more, steps hold at their peak; "" where nothing was recorded."""
    changes = [(row.label, row.values["recompute_held"].value - 1) for row in rows if "recompute_held" in row.values]
    words = [f"{label} {percent(abs(change))} {'less' if change < 0 else 'more'}" for label, change in changes]
    return f" At their peak, steps hold against eager ones: {joined(words)}." if words else ""
