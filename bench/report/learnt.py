"""Learnt: the filters of nets, the maps of their layers, and the pictures that maximize their classes."""

from collections.abc import Sequence
from dataclasses import replace

from bench.report.drawing import Bytes
from bench.report.multiples import Band, Line, Tile, multiples
from bench.report.plotting import Picture
from bench.report.predictions import class_name, probability
from bench.report.record import Row
from bench.report.shown import of_channels
from bench.store.insight import Features, FilterBank, LayerMaps
from bench.store.raster import Raster
from bench.text import number

_IN_A_LINE = 5  # pictures of classes


def opened(raster: Raster, *, least: int = 1) -> Bytes | None:
    """The pictures (N, C, H, W) of a raster; None where it is damaged, or has fewer than at the `least`."""
    pictures = raster.unpacked()
    return pictures if pictures is not None and len(pictures) >= least else None


def filters(rows: Sequence[Row]) -> Picture | None:
    """Learned filters of the first layers of each row's first seed."""
    bands = []
    for row in rows:
        banks = row.insights[0].filters or ()
        lines = [line for bank in banks for line in _bank(bank)]
        bands.append(Band(row, lines))
    caption = (
        "Learned weights of the first layers: grey is 0, lighter is above it and darker below, the range as wide in "
        "all filters of a layer. Of a filter that looks at many channels each line shows one, its first channels from "
        "left to right; a linear layer's weights lie as the pixels do that they belong to. A net of edges and strokes "
        "has filters of light beside dark; noise is what was not learnt."
    )
    return multiples("insight-filters", "Learned filters", caption, bands)


def _bank(bank: FilterBank) -> list[Line]:
    pictures = opened(bank.weights)
    if pictures is None or not bank.columns:
        return []
    whole = bank.inputs == bank.weights.channels
    tiles = [Tile(picture, _filter_in_words(bank, at, whole=whole)) for at, picture in enumerate(pictures)]
    parts = [tiles[start : start + bank.columns] for start in range(0, len(tiles), bank.columns)]
    return [Line(part, bank.layer) for part in parts]


def _filter_in_words(bank: FilterBank, at: int, *, whole: bool) -> str:
    number_of, channel = (at, None) if whole else divmod(at, bank.columns)
    part = "" if channel is None else f", channel {channel + 1} of {bank.inputs}"
    reach = number(bank.weights.high)
    return f"layer {bank.layer}, filter {number_of + 1} of {bank.filters}{part}, weights within {reach} of 0"


def features(rows: Sequence[Row]) -> Picture | None:
    """Feature maps of two images through each row's net, side by side."""
    known = {row.key: row.insights[0].features or () for row in rows}
    wide = max((part.maps.count for each in known.values() for image in each for part in image.layers), default=0)
    bands = [Band(row, lines) for row in rows if (lines := _layers(row, known[row.key], wide))]
    halves = [_halves(band.row, known[band.row.key], wide) for band in bands]
    alike = all(each == halves[0] for each in halves)
    if not alike:
        bands = [replace(band, headings=each) for band, each in zip(bands, halves, strict=True)]
    caption = (
        "The first maps of some layers, from input to output, for two test images side by side: the same maps, of "
        "another class. The lightest pixel of a layer and image is its largest value. What differs between the halves "
        "is what that layer tells the classes apart by."
    )
    return multiples(
        "insight-features", "Feature maps through the net", caption, bands, halves[0] if halves and alike else ()
    )


def _halves(row: Row, each: Sequence[Features], wide: int) -> list[str]:
    """The class of each image above the first of its maps."""
    names = (_named(row, image, 6) for image in each)
    return [name for image in names for name in (image, *[""] * (wide - 1))]


def _layers(row: Row, each: Sequence[Features], wide: int) -> list[Line]:
    """A line for each layer, in which each image has places for `wide` maps."""
    names = [_named(row, image) for image in each]
    lines = []
    for parts in zip(*(image.layers for image in each), strict=False):
        tiles = [tile for part, name in zip(parts, names, strict=True) for tile in _half(part, name, wide)]
        lines += [Line(tiles, parts[0].layer)] if any(tiles) else []
    return lines


def _half(part: LayerMaps, name: str, wide: int) -> list[Tile | None]:
    """The maps of a layer for an image by its name, and empty places where it has fewer or they are damaged."""
    pictures = opened(part.maps)
    tiles = [
        Tile(picture, f"layer {part.layer}, map {at + 1} of {part.channels}, test image: {name}")
        for at, picture in enumerate([] if pictures is None else pictures[:, :1])
    ]
    return [*tiles, *[None] * (wide - len(tiles))]


def _named(row: Row, image: Features, most: int = 12) -> str:
    """The class of an image, or its number where scores, which know it, are too many to keep."""
    label = next((each.label for each in row.insights[0].scores or () if each.index == image.index), None)
    return f"no. {image.index}" if label is None else f"class {class_name(row, label, most)}"


def ascent(rows: Sequence[Row]) -> Picture | None:
    """What maximizes each class, by each row's net."""
    bands = []
    for row in rows:
        climb = row.insights[0].ascent
        pictures = opened(climb.images, least=len(climb.classes)) if climb else None
        if climb is None or pictures is None:
            continue
        tiles = []
        for picture, label, share in zip(pictures, climb.classes, climb.probabilities, strict=False):
            name = class_name(row, label)
            words = f"what maximizes class {name}: probability {probability(share)} after {climb.steps} steps"
            tiles.append(Tile(picture, words, (class_name(row, label, 9), probability(share))))
        bands.append(Band(row, [Line(tiles[at : at + _IN_A_LINE]) for at in range(0, len(tiles), _IN_A_LINE)]))
    caption = (
        "Pictures that climb from one noise to the class's highest log odds, moved, blurred and faded meanwhile, so "
        "that no single pixel can do it; below each the probability that the net gives the class. What looks like the "
        "class was learnt as a shape; what does not, and is believed all the same, shows what the net goes by instead."
        f"{of_channels([band.row for band in bands])}"
    )
    return multiples("insight-ascent", "What maximizes each class", caption, bands)
