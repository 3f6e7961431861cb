"""Edge maps: what a learned filter gives of an image by what stands beyond its edges, and what pooling leaves of it."""

from collections.abc import Sequence

import numpy as np

from bench.report.learnt import opened
from bench.report.multiples import Band, Line, Tile, diverging, multiples
from bench.report.plotting import Picture
from bench.report.record import Row
from bench.report.shown import of_channels
from bench.report.units import percent
from bench.store.insight import Edges
from bench.store.raster import Raster
from bench.store.result import Floats
from bench.vocabulary import EDGE_MAPS, EdgeMap

_IN_WORDS: dict[EdgeMap, str] = {
    "image": "the middle of the image",
    "extend": "filtered, edge pixels repeated beyond it",
    "pad": "filtered, zeros beyond it",
    "crop": "filtered only where the filter fits",
    "max": "the padded one's activation, the maximum of each 2 by 2 pixels",
    "average": "the padded one's activation, the mean of each 2 by 2 pixels",
}


def edges(rows: Sequence[Row]) -> Picture | None:
    """A line for each row with a convolution: the image, three ways to treat its edges, and two ways of pooling."""
    bands, facts = [], []
    for row in rows:
        seen = row.insights[0].edges
        tiles = _tiles(seen) if seen else []
        if seen and tiles:
            bands.append(Band(row, [Line(tiles)]))
            facts += _differences(row, seen)
    caption = (
        "The strongest filter of the first convolution on the middle of a test image (red above 0, blue below), by "
        "what stands beyond the image's edges: its own pixels repeated (extend), zeros (pad) or nothing, which leaves "
        "less (crop). Then what max and average pooling keep of the padded one: the maximum keeps a stroke as strong "
        f"as it was, the mean thins it.{''.join(facts[:1])}{of_channels([band.row for band in bands])}"
    )
    return multiples("insight-edges", "Edge handling and pooling", caption, bands, EDGE_MAPS)


def _tiles(seen: Edges) -> list[Tile]:
    maps = {each.name: each.values for each in seen.maps}
    if set(maps) != set(EDGE_MAPS):
        return []
    widest = max(raster.width for raster in maps.values())
    tiles = []
    for name in EDGE_MAPS:
        pictures, raster = opened(maps[name]), maps[name]
        if pictures is None:
            return []
        size = f"{raster.height} x {raster.width}"
        words = f"{name}, {size}: {_IN_WORDS[name]}; filter of layer {seen.layer}"
        pixels = pictures[0] if name == "image" else diverging(pictures[0, :1])
        tiles.append(Tile(pixels, words, (size,), raster.width / widest))
    return tiles


def _differences(row: Row, seen: Edges) -> list[str]:
    """How far extend and pad lie apart at the border and within, of the range of the map."""
    maps = {each.name: _values(each.values) for each in seen.maps}
    extend, pad = maps["extend"], maps["pad"]
    if extend is None or pad is None or extend.shape != pad.shape or min(pad.shape) < 3:
        return []
    apart = np.abs(extend - pad) / (float(np.abs(pad).max()) or 1.0)
    inside = np.zeros(apart.shape, dtype=bool)
    inside[1:-1, 1:-1] = True
    border = percent(float(apart[~inside].mean()))
    return [f" In {row.label} the outermost pixels of extend and pad lie {border} of the largest value apart."]


def _values(raster: Raster) -> Floats | None:
    pictures = opened(raster)
    return None if pictures is None else raster.low + pictures[0, 0] / 255 * (raster.high - raster.low)
