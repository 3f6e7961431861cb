"""Surface: planes through the loss surface of a net, with the paths of its optimizers; run.json holds them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from bench import files
from bench.store.raster import Number, Raster
from bench.vocabulary import PlaneKind

Count = Annotated[int, Meta(ge=0, le=2**62)]
Distance = Annotated[float, Meta(ge=0, le=1e100)]
Share = Annotated[float, Meta(ge=0, le=1)]
Some = Annotated[tuple[Number, ...], Meta(max_length=256)]
Distances = Annotated[tuple[Distance, ...], Meta(max_length=256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The weights of one optimizer over its training, kept now and then.

    Attributes:
        cell: id of the cell that was trained so.
        steps: after which the weights were kept, from 0.
        losses: of the sample, by these weights.
        moved: distance of the weights from the start.
        accuracy: test accuracy at the end.
        recorded: that of the training that the run recorded; the path is the same where both are equal.

    """

    cell: str
    steps: Annotated[tuple[Count, ...], Meta(max_length=256)]
    losses: Some
    moved: Distances
    accuracy: Share
    recorded: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A path as it is seen in a plane.

    Attributes:
        x: of each of its points, projected.
        y: likewise.
        off: distance of each point from the plane.
        share: of the squared distances of the points from the start, how much lies in the plane.

    """

    x: Some
    y: Some
    off: Distances
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The loss on a plane, and the paths as it shows them.

    Attributes:
        kind: start: through the start and two ends; ends: through three ends; random: around an end.
        points: what it goes through or around: "start", or the id of the cell whose end it is.
        centre: coordinates of the middle of the picture; distances between weights are those of the plane, and of a
            random plane the unit is the length of each filter.
        reach: from the middle to an edge.
        losses: the decadic logarithm of the loss of the sample, line by line from the lowest y.
        tracks: of the paths, in their order.
        ridges: of a plane through ends the highest loss at ON_A_LINE points of the straight line between each two of
            `points`, 1-2, 1-3 and 2-3; none of other planes, and in versions before.

    """

    kind: PlaneKind
    points: tuple[str, ...]
    centre: tuple[Number, Number]
    reach: Distance
    losses: Raster
    tracks: tuple[Track, ...]
    ridges: Annotated[tuple[Distance, ...], Meta(max_length=3)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The loss surface of one net, with cells that differ in their optimizer alone.

    Attributes:
        cells: their ids.
        parameters: of the net.
        images: of the sample of training images, the same everywhere.
        seconds: that all of it took.
        paths: of the cells, in their order; none where it could not be told.
        planes: through the surface.
        absent: why there is nothing; "" where there is.

    """

    cells: tuple[str, ...]
    parameters: Count = 0
    images: Count = 0
    seconds: Distance = 0.0
    paths: Annotated[tuple[Path, ...], Meta(max_length=64)] = ()
    planes: Annotated[tuple[Plane, ...], Meta(max_length=8)] = ()
    absent: str = ""


def surfaces_of(stored: Iterable[Mapping[str, Any]]) -> list[Surface]:
    """The surfaces that run.json holds; what is none is passed over, as any unknown fact of a run is."""
    surfaces = []
    for each in stored:
        try:
            surface = files.shaped(each, Surface)
        except (ValueError, RecursionError):
            continue
        if _fits(surface):
            surfaces.append(surface)
    return surfaces


def _fits(surface: Surface) -> bool:
    """Whether paths and tracks have as many points as they say, and planes go through ends that are there."""
    counts = [len(path.steps) for path in surface.paths]
    whole = all(len(path.losses) == len(path.moved) == len(path.steps) > 0 for path in surface.paths)
    named = {path.cell for path in surface.paths} | {"start"}
    return whole and all(
        set(plane.points) <= named
        and [len(track.x) for track in plane.tracks] == counts
        and all(len(track.x) == len(track.y) == len(track.off) for track in plane.tracks)
        and len(plane.ridges) in (0, len(plane.points))  # three points have three pairs
        for plane in surface.planes
    )
