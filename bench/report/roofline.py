"""Roofline: a picture of how near each configuration comes to this machine's limits, and of what holds it back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.report import svg
from bench.report.plotting import DASHED, MOST_NAMES, Picture, dot, finish, unit_axis
from bench.report.point_names import name_points
from bench.report.record import Record, Row
from bench.report.units import SPACE, quantity
from bench.stats.roofline import Bound, bound_of, ceiling_for, in_full, is_disturbed, usable


def ceilings_of(record: Record) -> list[Mapping[str, Any]]:
    """The ceilings that the run measured, as far as they are whole."""
    return usable(record.facts.ceilings or ())


def bound_row(record: Record, row: Row) -> Bound | None:
    """What bounds the step of a configuration."""
    values = {metric: value.value for metric, value in row.values.items()}
    return bound_of(values, row.cell, ceilings_of(record))


def bound_text(bound: Bound) -> str:
    """What bounds a step, in words, with all three shares."""
    return unbroken(in_full(bound))


def unbroken(words: str) -> str:
    """The same with each percentage kept on one line."""
    return words.replace(" %", f"{SPACE}%")


def roofline(record: Record) -> Picture | None:
    """Achieved rate against FLOPs a byte, under the roofs measured on this machine."""
    placed = [
        (row, bound, row.values["flops"].value / row.values["step"].value)
        for row in record.having("step", "flops", "bytes_moved")
        if (bound := bound_row(record, row)) and bound.intensity > 0
    ]
    if not placed:
        return None
    drawn = svg.canvas("speed-roofline")
    axes = drawn.axes
    axes.set_xscale("log")
    axes.set_yscale("log")
    for row, bound, rate in placed:
        point = axes.plot([bound.intensity], [rate], **dot(row))
        words = f"{row.label}: {_rate(rate)} at {bound.intensity:.3g} FLOP a byte, {bound_text(bound)}"
        drawn.mark(point, [row.key], words)
    axes.margins(0.14)
    _roofs(record, drawn, [row for row, *_ in placed])
    unit_axis(axes.xaxis, "number", "1")
    unit_axis(axes.yaxis, "flops", "1")
    axes.set_xlabel("FLOP a byte moved")
    axes.set_title("FLOP a second", loc="left", color=svg.MUTED)
    rows = [row for row, *_ in placed]
    if len(rows) <= MOST_NAMES:
        name_points(drawn, rows, [(bound.intensity, rate) for _, bound, rate in placed])
    return finish(drawn, "Roofline", _CAPTION + (_DISTURBED if _any_disturbed(record, rows) else ""))


_CAPTION = (
    "What each configuration reaches against the ceilings measured on this machine (dashed: copies at the left, matrix "
    "products at the right). FLOPs are those of convolutions, products and attention. Bytes are counted as if there "
    "were no caches, so a point may stand above the sloping roof. What each ceiling takes of a step is in the numbers, "
    "and a bound is named only where that is more than half; small nets are held back by the cost of calling "
    "operators, which this picture has no roof for."
)
_DISTURBED = " These ceilings were measured beside other work, each time they were tried, and may be too low."


def _any_disturbed(record: Record, rows: Sequence[Row]) -> bool:
    used = [ceiling_for(row.cell, ceilings_of(record)) for row in rows]
    return any(is_disturbed(ceiling, name) for ceiling in used if ceiling for name in ("compute", "bandwidth"))


def _roofs(record: Record, drawn: svg.Canvas, rows: Sequence[Row]) -> None:
    """One roof for each ceiling in use, as wide as the picture."""
    axes = drawn.axes
    low, high = axes.get_xlim()
    line = np.geomspace(low, high, 60)
    used = [ceiling_for(row.cell, ceilings_of(record)) for row in rows]
    seen: list[tuple[float, float]] = []
    for ceiling in used:
        if ceiling is None or (roof := (ceiling["flops_per_second"], ceiling["bytes_per_second"])) in seen:
            continue
        seen.append(roof)
        axes.plot(line, np.minimum(roof[0], line * roof[1]), color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    axes.set_xlim(low, high)


def _rate(rate: float) -> str:
    return quantity("flops", "1", rate) + f"{SPACE}a second"
