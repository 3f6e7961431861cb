"""Drawing: small pictures written by hand as SVG, of rectangles, images and texts, in the page's own colours."""

import base64
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from bench.report.svg import SVG, head

LARGEST_SIDE = 64  # pixels of a stored image; nothing larger is read
Bytes = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Drawing:
    """A picture in units of about a point; `marks` are the keys and texts that its list of numbers shows."""

    name: str
    width: float
    height: float
    root: ET.Element = field(init=False)
    marks: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = ET.Element(SVG + "svg", {"viewBox": f"0 0 {self.width:g} {self.height:g}"})

    def mark(self, key: str, text: str) -> ET.Element:
        """A group that is tied to a row and says `text` on hovering."""
        group = ET.SubElement(self.root, SVG + "g", {"class": "mark", "data-rows": key})
        ET.SubElement(group, SVG + "title").text = text
        self.marks.append((key, text))
        return group

    def rect(self, place: tuple[float, float, float, float], style: str, parent: ET.Element | None = None) -> None:
        """A rectangle: x, y, width, height."""
        names = zip(("x", "y", "width", "height"), place, strict=True)
        attributes = {name: f"{value:.2f}" for name, value in names}
        ET.SubElement(self._in(parent), SVG + "rect", {**attributes, "style": style})

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 8.5,
        anchor: str = "start",
        colour: str = "--ink",
        parent: ET.Element | None = None,
    ) -> None:
        """One line of text on the baseline y."""
        style = f"font-size: {size:g}px; text-anchor: {anchor}; fill: var({colour}); stroke: none"
        ET.SubElement(self._in(parent), SVG + "text", {"x": f"{x:.2f}", "y": f"{y:.2f}", "style": style}).text = words

    def image(self, x: float, y: float, side: float, pixels: Bytes, parent: ET.Element | None = None) -> None:
        """Pixels (C, H, W), C 1 or 3, fitted into a square, each pixel sharp."""
        place = {"x": f"{x:.2f}", "y": f"{y:.2f}", "width": f"{side:g}", "height": f"{side:g}"}
        source = "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")
        ET.SubElement(self._in(parent), SVG + "image", {**place, "href": source, "style": "image-rendering: pixelated"})

    def rendered(self, title: str, description: str) -> str:
        """The <svg> element with a title and a description."""
        head(self.root, self.name, title, description)
        ET.register_namespace("", SVG.strip("{}"))
        return ET.tostring(self.root, encoding="unicode")

    def _in(self, parent: ET.Element | None) -> ET.Element:
        return self.root if parent is None else parent


def pixels_of(stored: Any) -> Bytes | None:
    """The pixels (C, H, W) of an image in a learning record; None for what is no such image."""
    if not isinstance(stored, Mapping):
        return None
    shape = stored.get("shape")
    if not isinstance(shape, list) or len(shape) != 3 or not all(isinstance(size, int) for size in shape):
        return None
    channels, height, width = shape
    if channels not in (1, 3) or not 0 < height <= LARGEST_SIDE or not 0 < width <= LARGEST_SIDE:
        return None
    size = channels * height * width
    try:
        packed = base64.b64decode(str(stored.get("pixels", "")), validate=True)
        content = zlib.decompressobj().decompress(packed, size + 1)
    except (ValueError, zlib.error):
        return None
    return np.frombuffer(content, np.uint8).reshape(channels, height, width) if len(content) == size else None


def png(pixels: Bytes) -> bytes:
    """The PNG file of pixels (C, H, W), grey for one channel and RGB for three (W3C, PNG 3rd edition)."""
    channels, height, width = pixels.shape
    rows = np.moveaxis(pixels, 0, -1).reshape(height, width * channels)
    content = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), 9)  # each row begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", content), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
