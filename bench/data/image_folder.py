"""Image folder: one folder a class, every image of it decoded into bytes.

What an image becomes: grey images, of 1 to 16 bits, have one channel (of 16 bits the upper byte counts); palettes,
CMYK and all others become RGB; transparency is dropped. Where some images of a folder are grey and others are not, all
become RGB. Of several frames the first counts, and what a camera notes about its rotation is passed over.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from bench.data.content import spread
from bench.data.dataset import Dataset
from bench.data.limits import ContentError, check_classes, check_size
from bench.plan.image_files import ImageFiles
from bench.text import plural

Bytes = npt.NDArray[np.uint8]
Shape = tuple[int, int, int]
R = TypeVar("R")

_WIDE = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # PIL's names of grey images of more than 8 bits
_GREY = ("1", "L", "LA", "La", "F", *_WIDE)
_DEEPEST = 2**16 - 1
# What the endings say, whatever a file bears; others, such as EPS, would be read by running another program.
_FORMATS = ("JPEG", "PNG", "PPM", "BMP", "DIB", "TIFF", "WEBP", "GIF")
_MOST_PIXELS = 10**8  # of one image; some bytes may unpack to any number


class _Kind(NamedTuple):
    """What the head of an image file tells."""

    grey: bool
    height: int
    width: int


def load(name: str, files: ImageFiles, shape: Shape | None, limit: int | None = None) -> Dataset:
    """The data set of image files: bytes, the training images in a drawn order (`bench.data.content.spread`).

    Args:
        name: of the data set.
        files: the images.
        shape: channels (1 or 3), height and width that each image is brought to, its proportions not kept; None where
            they are to be alike as they are.
        limit: decode so many training images and no test images, which timing alone does not need.

    Raises:
        ContentError: an image cannot be read, or they are not alike.

    """
    everything = [path for path, _ in (*files.train, *files.test)]
    shape = _shape_of(everything) if shape is None else shape
    if shape[0] not in (1, 3):
        raise ContentError(f"images are brought to 1 channel (grey) or 3 (RGB), not {shape[0]}")
    check_size(len(everything), shape)
    check_classes(len(files.classes))
    labels, test_labels = (np.array([label for _, label in part], dtype=np.int64) for part in (files.train, files.test))
    order = spread(labels)[:limit]
    train = _decoded([files.train[at][0] for at in order], shape)
    test = _decoded([path for path, _ in files.test] if limit is None else [], shape)
    return Dataset(
        name=name,
        train_images=torch.from_numpy(train),
        train_labels=torch.from_numpy(labels[order]),
        test_images=torch.from_numpy(test),
        test_labels=torch.from_numpy(test_labels[: len(test)]),
        classes=files.classes,
    )


def _shape_of(paths: Sequence[Path]) -> Shape:
    """The shape of all images, from their heads."""
    kinds = _each(_kind_of, paths)
    first = kinds[0]
    channels = 1 if all(kind.grey for kind in kinds) else 3
    for path, kind in zip(paths, kinds, strict=True):
        if kind[1:] != first[1:]:
            raise ContentError(
                f"images differ in size (height x width): {paths[0]} is {first.height}x{first.width} and {path} is "
                f"{kind.height}x{kind.width}: bring all to one, such as folder:PATH:{channels}x64x64"
            )
    return channels, first.height, first.width


def _decoded(paths: Sequence[Path], shape: Shape) -> Bytes:
    """The images (N, C, H, W)."""
    images = np.empty((len(paths), *shape), dtype=np.uint8)

    def decode(at: int, path: Path) -> None:
        images[at] = _pixels_of(path, shape)

    _each(decode, paths)
    return images


def _kind_of(_: int, path: Path) -> _Kind:
    with _opened(path) as image:
        return _Kind(image.mode in _GREY, image.height, image.width)


def _pixels_of(path: Path, shape: Shape) -> Bytes:
    """One image, (C, H, W), brought to the shape."""
    channels, height, width = shape
    with _opened(path) as opened:
        image: Image.Image = _of_8_bits(opened)
        if "transparency" in image.info:
            image = image.convert("RGBA")
        image = image.convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image).reshape(height, width, channels).transpose(2, 0, 1)


def _opened(path: Path) -> Image.Image:
    if path.exists() and not path.is_file():  # a pipe would never answer
        raise ContentError("it is no regular file")
    image = Image.open(path, formats=_FORMATS)
    if image.width * image.height > _MOST_PIXELS:
        raise ContentError(f"it is {image.height}x{image.width}, more pixels than the {_MOST_PIXELS:,} that are read")
    return image


def _of_8_bits(image: Image.Image) -> Image.Image:
    """The image itself, or of a deeper grey one the upper byte of 16 bits."""
    if image.mode == "F":
        raise ContentError("its pixels are floats, whose range nobody knows: use npz:FILE")
    if image.mode not in _WIDE:
        return image
    deep = np.asarray(image)
    if deep.min() < 0 or deep.max() > _DEEPEST:
        raise ContentError(f"its pixels go from {deep.min()} to {deep.max()}, and at most to {_DEEPEST}: use npz:FILE")
    return Image.fromarray((deep >> 8).astype(np.uint8))


def _each(function: Callable[[int, Path], R], paths: Sequence[Path]) -> list[R]:
    """What the function gives for the number and path of each image.

    Several threads share the work, since PIL decodes outside of Python's lock.

    Raises:
        ContentError: an image cannot be read.

    """
    failures: list[tuple[Path, Exception]] = []

    def attempt(at: int, path: Path) -> R | None:
        try:
            return function(at, path)
        except Exception as error:  # PIL raises what it likes on damaged files
            failures.append((path, error))
            return None

    with warnings.catch_warnings(), ThreadPoolExecutor(_cores()) as pool:
        warnings.simplefilter("ignore")  # PIL's, of files that it reads none the less
        outcomes = list(pool.map(attempt, range(len(paths)), paths))
    if failures:
        path, error = min(failures, key=lambda failure: failure[0])
        more = f" (and {plural(len(failures) - 1, 'image')} more)" if len(failures) > 1 else ""
        reason = " ".join(str(error).replace(f"image file '{path}'", "it as an image").split()) or type(error).__name__
        raise ContentError(f"cannot read {path}{more}: {reason}; mend or remove it")
    return cast("list[R]", outcomes)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
