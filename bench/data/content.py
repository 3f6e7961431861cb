"""Content: labelled images in whatever usual form, checked and brought to the one form of a Dataset."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.data.dataset import Dataset
from bench.errors import BenchError
from bench.text import joined, quantity

CHANNELS = range(1, 5)  # a first or last side of so many is that of channels
LARGEST = 2 * 10**9  # bytes of all images as they are read; training holds four times as much beside them
MOST_CLASSES = 2000
SEED = 0  # of the order of training images

Array = npt.NDArray[Any]


class ContentError(BenchError):
    """What was read is no data set; the message has the cause and the remedy and does not name where it was read."""


def dataset_of(name: str, arrays: Mapping[str, Any], classes: Sequence[str] | None = None) -> Dataset:
    """The data set of four arrays or tensors, its training images put into a drawn order (`spread`).

    Args:
        name: of the data set.
        arrays: `train_images` and `test_images` (N, H, W), (N, C, H, W) or (N, H, W, C); uint8, or other whole numbers
            from 0 to 255, or floats; true and false become 255 and 0. `train_labels` and `test_labels` (N,) or (N, 1):
            whole numbers from 0, or texts.
        classes: what each label means; where None, the labels of the training images are numbered in order, and named
            by what they were.

    Raises:
        ContentError: they are not like that.

    """
    train, test = (pixels_of(arrays[f"{part}_images"], f"{part} images") for part in ("train", "test"))
    form = _form_of(train)
    train, test = _in_form(train, form, "train images"), _in_form(test, form, "test images")
    if train.shape[1:] != test.shape[1:]:
        raise ContentError(f"train images are {_shown(train.shape[1:])} and test images {_shown(test.shape[1:])}")
    if train.dtype != test.dtype:
        raise ContentError(f"train images are {train.dtype} and test images {test.dtype}: give both the same type")
    check_size(len(train) + len(test), train.shape[1:], train.itemsize)
    own, others = (
        _labels_of(arrays[f"{part}_labels"], f"{part} labels", len(images))
        for part, images in (("train", train), ("test", test))
    )
    labels, test_labels, names = _numbered(own, others, classes)
    order = spread(labels)
    return Dataset(
        name=name,
        train_images=torch.from_numpy(train[order]),
        train_labels=torch.from_numpy(labels[order]),
        test_images=torch.from_numpy(test),
        test_labels=torch.from_numpy(test_labels),
        classes=names,
    )


def spread(labels: Array) -> Array:
    """An order of images with labels (N,) in which each stretch has its share of each class; the same at every call.

    Images often come sorted by class, and the last twelfth is held out by `Dataset.held_out`, the first thousands are
    what timing needs. Within its class the order is drawn, and a class of few images lies at the beginning.
    """
    drawn = np.random.default_rng(SEED).permutation(len(labels))
    by_class = drawn[np.argsort(labels[drawn], kind="stable")]
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(labels))
    ranks[by_class] = np.arange(len(labels)) - starts[labels[by_class]]
    return drawn[np.argsort((ranks / sizes[labels])[drawn], kind="stable")]


def check_size(count: int, shape: Sequence[int], itemsize: int = 1) -> None:
    """Raises ContentError where so many images of a shape are more than is read into memory."""
    size = count * itemsize * int(np.prod(shape, dtype=np.int64))
    if size > LARGEST:
        raise ContentError(
            f"its {count:,} images of {_shown(shape)} take {quantity(float(size), 'B')} of memory, and "
            f"{quantity(float(LARGEST), 'B')} is the most: choose fewer or smaller ones (folder:PATH:3x64x64)"
        )


def check_classes(count: int) -> None:
    """Raises ContentError where so many classes are more than a record has room for, which counts each pair of them."""
    if count > MOST_CLASSES:
        raise ContentError(f"there are {count:,} classes, of {MOST_CLASSES:,} at most: keep fewer")


def pixels_of(value: Any, what: str) -> Array:
    """Pixels as uint8 or float32, in the shape that they came in.

    Raises:
        ContentError: there are none, or they are neither numbers nor finite.

    """
    array = _array(value, what)
    if array.ndim not in (3, 4):
        raise ContentError(
            f"{what} have {array.ndim} dimensions ({_shown(array.shape)}): give (N, H, W), (N, C, H, W) or (N, H, W, C)"
        )
    if not array.size:
        raise ContentError(f"there are no {what} ({_shown(array.shape)}): give one at least")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise ContentError(
                f"{what} are {array.dtype} from {array.min()} to {array.max()}: bring them to uint8, or to floats"
            )
        return array.astype(np.uint8)
    if array.dtype.kind != "f":
        raise ContentError(f"{what} are {array.dtype}: give uint8 or floats")
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        count = len(floats) - int(np.isfinite(floats).reshape(len(floats), -1).all(1).sum())
        raise ContentError(f"{what} hold NaN or infinity ({count:,} of them): mend or remove those")
    return floats


def _array(value: Any, what: str) -> Array:
    """An array of numpy, in the byte order of this machine."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ContentError(f"{what} are of unequal shapes: give one array") from error
    if array.dtype.kind == "O":
        raise ContentError(f"{what} are Python objects, maybe of unequal shapes: give one array of numbers")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _form_of(images: Array) -> str:
    """How the sides of images lie: "NHW", "NCHW" or "NHWC".

    Channels are a side of 1 to 4: the first of an image, or else the last.
    """
    if images.ndim == 3:
        return "NHW"
    if images.shape[1] in CHANNELS:
        return "NCHW"
    if images.shape[3] in CHANNELS:
        return "NHWC"
    raise ContentError(
        f"images of {_shown(images.shape[1:])} have no side of 1 to 4 channels: give (N, C, H, W) or (N, H, W, C)"
    )


def _in_form(images: Array, form: str, what: str) -> Array:
    """The images as (N, C, H, W)."""
    if images.ndim != len(form):
        raise ContentError(f"{what} are {_shown(images.shape)}, and not of the dimensions that train images have")
    if form == "NHW":
        return np.ascontiguousarray(images[:, None])
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2) if form == "NHWC" else images)


def _labels_of(value: Any, what: str, count: int) -> Array:
    """Labels (N,), whole numbers from 0 or texts."""
    array = _array(value, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = ": of one-hot rows give argmax(1)" if array.ndim == 2 else ""
        raise ContentError(f"{what} are {_shown(array.shape)} and not (N,) or (N, 1){hint}")
    if len(array) != count:
        part = what.split(maxsplit=1)[0]
        raise ContentError(f"{count:,} {part} images have {len(array):,} labels: give each its own")
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind not in "iub":
        raise ContentError(f"{what} are {array.dtype}: give whole numbers, such as labels.astype(int)")
    if array.dtype.kind != "b" and (array.min() < 0 or array.max() >= 2**62):
        raise ContentError(f"{what} go from {array.min()} to {array.max()}: number them from 0")
    return array.astype(np.int64)


def _numbered(own: Array, others: Array, classes: Sequence[str] | None) -> tuple[Array, Array, tuple[str, ...]]:
    """Labels of training and test images from 0 on, int64, and what they mean."""
    if own.dtype.kind != others.dtype.kind:
        kinds = {"U": "texts", "i": "numbers"}
        train, test = kinds[own.dtype.kind], kinds[others.dtype.kind]
        raise ContentError(f"train labels are {train} and test labels {test}: give both alike")
    if classes is not None:
        return _named(own, others, tuple(str(name) for name in classes))
    values, labels = np.unique(own, return_inverse=True)
    if len(values) < 2:
        raise ContentError(f"all train labels are {values[0]}: give two classes at least")
    if strange := [str(value) for value in np.setdiff1d(others, values)]:
        raise ContentError(f"test labels that no train image has: {joined(strange, most=5)}")
    check_classes(len(values))
    return labels.astype(np.int64), np.searchsorted(values, others).astype(np.int64), tuple(map(str, values))


def _named(own: Array, others: Array, classes: tuple[str, ...]) -> tuple[Array, Array, tuple[str, ...]]:
    if own.dtype.kind == "U":
        numbers = {name: at for at, name in enumerate(classes)}
        if strange := [str(value) for value in np.unique([*own, *others]) if value not in numbers]:
            raise ContentError(f"labels that no class has: {joined(strange, most=5)}")
        own, others = (np.array([numbers[name] for name in labels], dtype=np.int64) for labels in (own, others))
    if (most := max(own.max(), others.max())) >= len(classes):
        raise ContentError(f"a label is {most}, and there are {len(classes)} classes: number them from 0")
    if len(classes) < 2:
        raise ContentError(f"there is one class, '{classes[0]}': give two at least")
    check_classes(len(classes))
    return own, others, classes


def _shown(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
