"""Surface: planes through loss surfaces as isolines, with the path of each optimizer from the same start."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.ticker import NullLocator

from bench.plan.cell import Cell
from bench.plan.short_names import short_names
from bench.plan.surface import net_of
from bench.report import svg
from bench.report.plotting import Picture, colour_of, finish, marker_of, numbered
from bench.report.point_names import name_points
from bench.report.record import Record, Row
from bench.report.surface_words import caption, in_words
from bench.store.result import Floats
from bench.store.surface import Plane, Surface, surfaces_of
from bench.text import joined, number
from bench.vocabulary import PlaneKind

MOST_NETS = 4
_LEVELS = 12
_SHADE = 0.3  # opacity of the highest band
_TITLES: Mapping[PlaneKind, str] = {
    "start": "The paths from the start",
    "ends": "Between three ends",
    "random": "Around the lowest end",
}


def surface(record: Record) -> list[Picture]:
    """The planes of the first nets that have some; of a net that several machines trained, those of the first."""
    keys = {cell.id: row for row in reversed(record.rows) for cell in row.cells}
    every = {each.cells: each for each in reversed(surfaces_of(record.facts.surfaces)) if each.planes}
    nets = [each for each in reversed(every.values()) if set(each.cells) <= set(keys)][:MOST_NETS]
    trained = [net_of(keys[net.cells[0]].cells[0]) for net in nets]
    pictures: list[Picture] = []
    for at, (net, cell, name) in enumerate(zip(nets, trained, short_names(trained), strict=True)):
        pictures += _pictures(at, net, keys, name, _without_path(record, cell, net))
    return pictures


def _without_path(record: Record, own: Cell, net: Surface) -> str:
    """Which optimizers trained the net in this run and have no path, as a sentence."""
    cells = [cell for row in record.having("accuracy") for cell in row.cells if net_of(cell) == own]
    names = dict.fromkeys(cell.optimizer for cell in cells)
    missing = [name for name in names if not any(c.id in net.cells for c in cells if c.optimizer == name)]
    return f" Without a path: {joined(missing)}." if missing else ""


def _pictures(at: int, net: Surface, keys: Mapping[str, Row], name: str, without: str) -> Iterator[Picture]:
    rows = _named([keys[path.cell] for path in net.paths])
    for plane in net.planes:
        losses = _losses(plane)
        if losses is not None:
            words = f"{_TITLES[plane.kind]}: {name}", caption(net, rows, plane, losses) + without
            yield finish(_drawn(numbered(f"surface-{plane.kind}", at), net, rows, plane, losses), *words)


def _named(rows: Sequence[Row]) -> list[Row]:
    """The rows by the names of their optimizers, where these tell them apart."""
    names = [str(row.cell.get("optimizer")) for row in rows]
    if len({*names}) < len(rows):
        return [*rows]
    return [replace(row, label=name) for row, name in zip(rows, names, strict=True)]


def _losses(plane: Plane) -> Floats | None:
    """Decadic logarithms of the losses, (side, side); None where the text holds others than it says."""
    levels = plane.losses.unpacked()
    if levels is None or levels.shape[2] < 2 or levels.shape[3] < 2 or plane.reach <= 0:
        return None
    losses: Floats = plane.losses.low + levels[0, 0] / 255 * (plane.losses.high - plane.losses.low)
    return losses


def _drawn(name: str, net: Surface, rows: list[Row], plane: Plane, losses: Floats) -> svg.Canvas:
    drawn = svg.canvas(name, width=360, height=320)
    _isolines(drawn, plane, losses)
    ends = []
    for row, path, track in zip(rows, net.paths, plane.tracks, strict=True):
        line = drawn.axes.plot(
            track.x,
            track.y,
            color=colour_of(row),
            marker=marker_of(row),
            markevery=[len(track.x) - 1],
            markersize=7,
            markeredgecolor=svg.SURFACE,
            markeredgewidth=0.8,
            linewidth=1.8,
            zorder=3,
        )
        drawn.mark(line, [row.key], in_words(row, path, track))
        ends.append((track.x[-1], track.y[-1]))
    start = plane.tracks[0]
    drawn.axes.plot(start.x[0], start.y[0], color=svg.INK, marker="+", markersize=9, linestyle="none", zorder=4)
    if plane.kind != "random":
        name_points(drawn, rows, ends)
    return drawn


def _isolines(drawn: svg.Canvas, plane: Plane, losses: Floats) -> None:
    """Bands that are the darker the higher the loss, with lines between them that say it."""
    axes = drawn.axes
    x, y = (np.linspace(middle - plane.reach, middle + plane.reach, size) for middle, size in _sides(plane, losses))
    if losses.max() > losses.min():
        _bands(drawn, x, y, losses)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(NullLocator())
    axes.yaxis.set_major_locator(NullLocator())
    axes.set_title("loss of the sample", loc="left", color=svg.MUTED)
    unit = "lengths of the filters" if plane.kind == "random" else "by the distance between weights"
    axes.set_xlabel(f"{number(2 * plane.reach)} across, {unit}")


def _bands(drawn: svg.Canvas, x: Floats, y: Floats, losses: Floats) -> None:
    axes, levels = drawn.axes, np.linspace(float(losses.min()), float(losses.max()), _LEVELS + 1)
    for at, level in enumerate(levels[1:-1], 1):
        band, shade = [level, levels[at + 1] + 1e-9], _SHADE * at / _LEVELS
        axes.contourf(x, y, losses, levels=band, colors=[svg.MUTED], alpha=shade, zorder=0)
    look: dict[str, Any] = {"colors": [svg.MUTED], "linewidths": 0.5, "linestyles": "solid", "zorder": 1}
    lines = axes.contour(x, y, losses, levels=levels[1:-1], **look)
    axes.clabel(lines, levels[1:-1:3], fmt=lambda level: number(10**level), fontsize=7.5, inline=False)


def _sides(plane: Plane, losses: Floats) -> list[tuple[float, int]]:
    return [(plane.centre[0], losses.shape[1]), (plane.centre[1], losses.shape[0])]
