"""Small multiples: lines of little pictures, a band for each configuration, to be compared side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np

from bench.report.drawing import Bytes, Drawing
from bench.report.plotting import Picture, short
from bench.report.predictions import described
from bench.report.record import Row
from bench.report.shown import of_seed

WIDTH = 320.0
_NAME, _HEADING, _UNDER, _GAP = 13.0, 12.0, 9.5, 4.0
_LABEL = 46.0  # width of the labels at the left of lines
_LARGEST = 52.0
_BLUE, _WHITE, _RED = ((33, 102, 172), (245, 245, 245), (178, 24, 43))


@dataclass(frozen=True, slots=True)
class Tile:
    """One little picture.

    Attributes:
        pixels: (C, H, W), C 1 or 3.
        words: what it is, on hovering and for those who do not see it.
        under: short texts below it.
        scale: of its side, for a picture of fewer pixels than its neighbours.

    """

    pixels: Bytes
    words: str
    under: tuple[str, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """Tiles in a line, named at the left; None leaves the place of one empty."""

    tiles: Sequence[Tile | None]
    label: str = ""

    @property
    def texts(self) -> int:
        """Lines of text below its tiles."""
        return max((len(tile.under) for tile in self.tiles if tile), default=0)


@dataclass(frozen=True, slots=True)
class Band:
    """The lines of one configuration, and what its columns are where not all bands have the same."""

    row: Row
    lines: Sequence[Line]
    headings: Sequence[str] = ()


def multiples(
    name: str, title: str, caption: str, bands: Sequence[Band], headings: Sequence[str] = ()
) -> Picture | None:
    """The bands below each other, all tiles of one size; `headings` name the columns of all. None where no tile is."""
    bands = [band for band in bands if band.lines]
    lines = [line for band in bands for line in band.lines]
    if not any(line.tiles for line in lines):
        return None
    columns = max(len(line.tiles) for line in lines)
    left = _LABEL if any(line.label for line in lines) else 0.0
    pitch = min((WIDTH - left) / columns, _LARGEST + _GAP)
    texts = sum(line.texts for line in lines) * _UNDER
    named = sum(bool(each) for each in (headings, *(band.headings for band in bands))) * _HEADING
    drawn = Drawing(name, WIDTH, named + len(bands) * _NAME + len(lines) * pitch + texts)
    top = _headed(drawn, headings, (left, 0.0), pitch)
    for band in bands:
        drawn.text(0, top + 9, short(band.row.label, 48))
        top = _headed(drawn, band.headings, (left, top + _NAME), pitch)
        for line in band.lines:
            _line(drawn, band.row, line, (left, top), pitch)
            top += pitch + line.texts * _UNDER
    return described(drawn, title, caption + of_seed([band.row for band in bands]))


def _headed(drawn: Drawing, headings: Sequence[str], place: tuple[float, float], pitch: float) -> float:
    """Draw the headings of columns; where the lines below them begin."""
    left, top = place
    for at, heading in enumerate(headings):
        drawn.text(left + (at + 0.5) * pitch - _GAP / 2, top + 8, heading, size=7.5, anchor="middle", colour="--muted")
    return top + (_HEADING if headings else 0.0)


def _line(drawn: Drawing, row: Row, line: Line, place: tuple[float, float], pitch: float) -> None:
    left, top = place
    if line.label:
        drawn.text(0, top + pitch / 2, _end_of(line.label), size=7.5, colour="--muted")
    side = pitch - _GAP
    for at, tile in enumerate(line.tiles):
        if tile is None:
            continue
        group = drawn.mark(row.key, f"{row.label}, {tile.words}")
        x, inset = left + at * pitch, side * (1 - tile.scale) / 2
        drawn.image(x + inset, top + inset, side * tile.scale, tile.pixels, group)
        _under(drawn, tile, x + side / 2, top + side + 8, group)


def _end_of(label: str, most: int = 10) -> str:
    """The end of a label, which is what tells the layers of a block apart."""
    return label if len(label) <= most else f"\u2026{label[1 - most :]}"


def _under(drawn: Drawing, tile: Tile, middle: float, base: float, group: ET.Element) -> None:
    for at, text in enumerate(tile.under):
        place = base + at * _UNDER
        drawn.text(middle, place, text, size=7.5, anchor="middle", colour="--muted", parent=group)


def diverging(plane: Bytes) -> Bytes:
    """Bytes (1, H, W), the middle of which is 0, in blue below it and red above, as (3, H, W)."""
    share = (plane[0].astype(float) - 127.5) / 127.5
    ends = np.where(share[None] < 0, np.reshape(_BLUE, (3, 1, 1)), np.reshape(_RED, (3, 1, 1)))
    white = np.reshape(_WHITE, (3, 1, 1))
    coloured: Bytes = np.rint(white + (ends - white) * np.abs(share)[None]).astype(np.uint8)
    return coloured
