"""Attributions: which pixels speak for what a net predicts, method beside method and net below net."""

from collections.abc import Sequence

from bench.report.learnt import opened
from bench.report.multiples import Band, Line, Tile, diverging, multiples
from bench.report.plotting import Picture
from bench.report.predictions import class_name
from bench.report.record import Row
from bench.report.shown import of_channels
from bench.store.insight import Saliency
from bench.vocabulary import SALIENCY_METHODS, SaliencyMethod


def saliency(rows: Sequence[Row]) -> Picture | None:
    """A line for each chosen image: the image, and its attributions by each method that some row has."""
    methods = [name for name in SALIENCY_METHODS if any(_has(row, name) for row in rows)]
    bands = [Band(row, _lines(row, methods)) for row in rows]
    caption = (
        "Which pixels speak for the class that the net predicts (red) and which against it (blue), each map in a range "
        "of its own: the gradient of its score; integrated gradients, from black to the image; Grad-CAM, the last "
        "convolution's maps weighted by their gradients; and occlusion, how the score falls where a black window lies. "
        f"What several methods agree on is what to believe.{of_channels([band.row for band in bands if band.lines])}"
    )
    headings = ("image", *(name.replace("integrated gradients", "integrated") for name in methods))
    return multiples("insight-saliency", "Saliency", caption, bands, headings)


def _has(row: Row, method: str) -> bool:
    return any(each.method == method for each in row.insights[0].saliency or ())


def _lines(row: Row, methods: Sequence[SaliencyMethod]) -> list[Line]:
    insight, lines = row.insights[0], []
    maps = {(each.index, each.method): each for each in insight.saliency or ()}
    for image in insight.scores or ():
        pixels = opened(image.image)
        if pixels is None or not any(index == image.index for index, _ in maps):
            continue
        label, predicted = (class_name(row, place, 9) for place in (image.label, image.predicted))
        tiles: list[Tile | None] = [Tile(pixels[0], f"test image {image.index}: class {label}, taken for {predicted}")]
        tiles += [_tile(row, maps.get((image.index, method))) for method in methods]
        lines.append(Line(tiles, f"as {predicted}" if predicted == label else f"{label} as {predicted}"))
    return lines


def _tile(row: Row, each: Saliency | None) -> Tile | None:
    plane = opened(each.attribution) if each else None
    if each is None or plane is None:
        return None
    where = f" of layer {each.layer}" if each.layer else ""
    words = f"{each.method}{where} for class {class_name(row, each.predicted)} of test image {each.index}"
    return Tile(diverging(plane[0, :1]), words)
