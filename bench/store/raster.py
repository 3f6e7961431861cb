"""Raster: small pictures of one size, 8 bits a value, as text, with the range that the bits stand for."""

import base64
import math
import zlib
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

LARGEST_SIDE = 64  # pixels
MOST_PICTURES = 64
_LEVELS = 255

Bytes = npt.NDArray[np.uint8]
Side = Annotated[int, Meta(ge=1, le=LARGEST_SIDE)]
Pictures = Annotated[int, Meta(ge=1, le=MOST_PICTURES)]
Number = Annotated[float, Meta(ge=-1e100, le=1e100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """Pictures of one size.

    Attributes:
        count: how many.
        channels: of each: 1, or 3 for red, green and blue.
        height: pixels.
        width: pixels.
        low: what the byte 0 stands for.
        high: what the byte 255 stands for; values between are rounded to the nearest of 256 levels.
        pixels: base64 of the deflated bytes, picture by picture, channel by channel, line by line.

    """

    count: Pictures
    channels: Annotated[int, Meta(ge=1, le=3)]
    height: Side
    width: Side
    low: Number
    high: Number
    pixels: str

    def unpacked(self) -> Bytes | None:
        """The bytes (count, C, H, W); None where the text holds others than it says."""
        shape = (self.count, self.channels, self.height, self.width)
        size = math.prod(shape)
        try:
            packed = base64.b64decode(self.pixels, validate=True)
            content = zlib.decompressobj().decompress(packed, size + 1)
        except (ValueError, zlib.error):
            return None
        return np.frombuffer(content, np.uint8).reshape(shape) if len(content) == size and self.channels != 2 else None


def raster_of(values: npt.ArrayLike, low: float | None = None, high: float | None = None) -> Raster:
    """Values (N, C, H, W) as pictures, one range for all of them; what lies outside becomes its nearest end.

    Args:
        values: finite; of larger pictures every second pixel or fewer is kept, of channels one or three.
        low: of the range; the least value without.
        high: likewise the greatest.

    Raises:
        ValueError: a value is not finite.

    """
    array = np.asarray(values, dtype=np.float64)
    every = math.ceil(max(array.shape[2:]) / LARGEST_SIDE)
    kept = array[:MOST_PICTURES, : 3 if array.shape[1] >= 3 else 1, ::every, ::every]
    if not np.isfinite(kept).all():
        raise ValueError("a value is not finite")
    low = float(kept.min()) if low is None else low
    high = float(kept.max()) if high is None else high
    shares = (kept - low) / (high - low or 1.0)
    levels = np.rint(shares * _LEVELS).clip(0, _LEVELS).astype(np.uint8)
    packed = base64.b64encode(zlib.compress(levels.tobytes(), 9)).decode("ascii")
    count, channels, height, width = levels.shape
    return Raster(count=count, channels=channels, height=height, width=width, low=low, high=high, pixels=packed)


def signed_raster_of(values: npt.ArrayLike) -> Raster:
    """As `raster_of`, the range as far below 0 as above, so that the middle of it is 0."""
    most = float(np.abs(np.asarray(values, dtype=np.float64)).max()) or 1.0
    return raster_of(values, -most, most)
