"""Words of a loss surface: what a plane goes through, how much of each path it holds, how high the loss is on it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from bench.plan.surface import ON_A_LINE
from bench.report.record import Row
from bench.report.units import percent
from bench.store.result import Floats
from bench.store.surface import Path, Plane, Surface, Track
from bench.text import joined, number, plural
from bench.vocabulary import PlaneKind

START = "start"  # the point of a plane that is no cell's end
_MOST = 24  # paths in a sentence
_READ = 101  # points at which the loss on a straight line is read off a picture
_NEAR, _ROUND = (0.25, 0.5), 64  # of the length of the filters; places on a ring so far away
_ROUNDED = 0.001  # difference of accuracies up to which a training is the same, its numbers rounded otherwise
_OF_ITS_LENGTH = 0.01  # of a path: an end that is nearer to the plane is in it


def in_words(row: Row, path: Path, track: Track) -> str:
    """What a path came to, and how much of it is seen."""
    off, moved = track.off[-1], path.moved[-1]
    far = f", its end {number(off)} beside it" if off > _OF_ITS_LENGTH * moved else ""
    losses = f"loss {number(path.losses[0])} to {number(path.losses[-1])} in {plural(path.steps[-1], 'step')}"
    return f"{row.label}: {losses}, {number(moved)} from the start; {percent(track.share)} of the way in the plane{far}"


def caption(net: Surface, rows: Sequence[Row], plane: Plane, losses: Floats) -> str:
    """What the picture shows, and what it does not."""
    words, sample = _PLANES[plane.kind](net, rows, plane, losses), plural(net.images, "training image")
    return f"{words} Isolines: loss of {sample}, on a log scale. {_held(rows, plane)}{_again(net, rows)}"


def _held(rows: Sequence[Row], plane: Plane) -> str:
    """How much of the paths is seen."""
    if plane.kind == "random":
        most = percent(max(track.share for track in plane.tracks))
        return f"Of no path does more than {most} of the squared distances from the start lie in it."
    shares = (f"{row.label} {percent(track.share)}" for row, track in zip(rows, plane.tracks, strict=True))
    return (
        f"Of the squared distances of each path from the start (+), so much lies in the plane: "
        f"{joined(shares, most=_MOST)}. The rest is not seen, and the loss of a path is its own."
    )


def _through_start(net: Surface, rows: Sequence[Row], plane: Plane, _: Floats) -> str:
    ends = joined(_labels(net, rows)[point] for point in plane.points[1:])
    return (
        f"The plane through the start and the ends of {ends}: of all such planes the one that holds most of the paths."
    )


def _through_ends(net: Surface, rows: Sequence[Row], plane: Plane, losses: Floats) -> str:
    labels, ends = _labels(net, rows), _ends(net, plane)
    pairs = [*combinations(plane.points, 2)]
    known = plane.ridges or [10 ** _highest(plane, losses, ends[first], ends[second]) for first, second in pairs]
    highest = joined(
        f"{number(loss)} from {labels[first]} to {labels[second]}"
        for loss, (first, second) in zip(known, pairs, strict=True)
    )
    lines = (
        f"At {ON_A_LINE} points of each straight line between them the loss is at most {highest}."
        if plane.ridges
        else f"On the straight lines between them the loss is about {highest} at most, as far as this picture tells."
    )
    return f"The plane through the ends of {joined(labels[point] for point in plane.points)}, which are lowest. {lines}"


def _random(net: Surface, rows: Sequence[Row], plane: Plane, losses: Floats) -> str:
    turns = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    rings = ((far, _at(plane, losses, far * np.cos(turns), far * np.sin(turns))) for far in _NEAR)
    rises = (f"{number(float(10 ** ring.mean()))} at {far:g} of it" for far, ring in rings)
    return (
        f"Around the end of {_labels(net, rows)[plane.points[0]]} in two random directions, whose filters are as long "
        f"as the net's own; an edge is that length away. The loss is {joined(rises)} (geometric mean)."
    )


_PLANES: Mapping[PlaneKind, Callable[[Surface, Sequence[Row], Plane, Floats], str]] = {
    "start": _through_start,
    "ends": _through_ends,
    "random": _random,
}


def _labels(net: Surface, rows: Sequence[Row]) -> Mapping[str, str]:
    return {path.cell: row.label for path, row in zip(net.paths, rows, strict=True)}


def _ends(net: Surface, plane: Plane) -> Mapping[str, tuple[float, float]]:
    """Where each path ends in the plane."""
    return {path.cell: (track.x[-1], track.y[-1]) for path, track in zip(net.paths, plane.tracks, strict=True)}


def _highest(plane: Plane, losses: Floats, start: tuple[float, float], end: tuple[float, float]) -> float:
    """The highest logarithm on the straight line between two points."""
    shares = np.linspace(0, 1, _READ)
    x, y = (first + shares * (last - first) for first, last in zip(start, end, strict=True))
    return float(_at(plane, losses, x, y).max())


def _at(plane: Plane, losses: Floats, x: Floats, y: Floats) -> Floats:
    """The logarithms at some places, between four points of the plane by their distance from each."""
    height, width = losses.shape
    columns, rows = (
        np.clip((place - middle + plane.reach) / (2 * plane.reach) * (size - 1), 0, size - 1)
        for place, middle, size in zip((x, y), plane.centre, (width, height), strict=True)
    )
    left, low = np.minimum(columns.astype(int), width - 2), np.minimum(rows.astype(int), height - 2)
    right, up = columns - left, rows - low
    lower = losses[low, left] * (1 - right) + losses[low, left + 1] * right
    upper = losses[low + 1, left] * (1 - right) + losses[low + 1, left + 1] * right
    values: Floats = lower * (1 - up) + upper * up
    return values


def _again(net: Surface, rows: Sequence[Row]) -> str:
    """Which paths are not those that the run recorded."""
    pairs = zip(net.paths, rows, strict=True)
    apart = [row.label for path, row in pairs if abs(path.accuracy - path.recorded) > _ROUNDED]
    if not apart:
        return ""
    return f" Trained once more, {joined(apart)} ended with another accuracy than the run recorded, and so elsewhere."
