"""Limits: how much is read of a data set, and the error of content that is none."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.text import quantity

LARGEST = 2 * 10**9  # bytes of all images as they are read; as float32 they take four times as much beside them
MOST_CLASSES = 2000

Array = npt.NDArray[Any]


class ContentError(BenchError):
    """What was read is no data set; the message has the cause and the remedy and does not name where it was read."""


def check_size(count: int, shape: Sequence[int], itemsize: int = 1) -> None:
    """Raises ContentError where so many images of a shape are more than is read into memory."""
    size = count * itemsize * int(np.prod(shape, dtype=np.int64))
    if size > LARGEST:
        raise ContentError(
            f"its {count:,} images of {shown(shape)} take {quantity(float(size), 'B')} of memory, and "
            f"{quantity(float(LARGEST), 'B')} is the most: choose fewer or smaller ones (folder:PATH:3x64x64)"
        )


def check_classes(count: int) -> None:
    """Raises ContentError where so many classes are more than a record has room for, which counts each pair of them."""
    if count > MOST_CLASSES:
        raise ContentError(f"there are {count:,} classes, of {MOST_CLASSES:,} at most: keep fewer")


def shown(shape: Sequence[int]) -> str:
    """Sizes as 3x64x64."""
    return "x".join(map(str, shape))
