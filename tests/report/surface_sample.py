"""A surface to draw: made up, of cells of `report_sample`, a bowl whose lowest point is in the middle."""

from dataclasses import asdict

import numpy as np

from bench.store.raster import raster_of
from bench.store.surface import Path, Plane, Surface, Track

STEPS = (0, 1, 4, 9)


def surface(cells, recorded=0.9):
    """The surface of cells, whose paths go out from the middle of the lower edge like a fan."""
    paths = tuple(
        Path(cell=cell, steps=STEPS, losses=(2.0, 1.0, 0.5, 0.1 + at / 10), moved=(0.0, 1.0, 2.0, 3.0), accuracy=0.9,
             recorded=recorded)
        for at, cell in enumerate(cells)
    )  # fmt: skip
    planes = (
        _plane("start", ("start", *cells[:2]), cells),
        _plane("ends", tuple(cells[:3]), cells),
        _plane("random", (cells[0],), cells),
    )
    return Surface(cells=tuple(cells), parameters=562, images=512, seconds=9.0, paths=paths, planes=planes)


def stored(*surfaces):
    """As run.json holds them."""
    return [asdict(each) for each in surfaces]


def _plane(kind, points, cells):
    x, y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-2, 2, 9))
    losses = raster_of(np.log10(0.1 + x**2 + y**2)[None, None])
    return Plane(kind=kind, points=points, centre=(0.0, 0.0), reach=2.0, losses=losses, tracks=_tracks(len(cells)))


def _tracks(count):
    ends = np.linspace(-1, 1, count)
    return tuple(
        Track(x=(0.0, end / 3, end / 2, end), y=(-1.5, -1.0, -0.5, 0.0), off=(0.0, 0.1, 0.2, 0.5), share=0.25)
        for end in ends.tolist()
    )
