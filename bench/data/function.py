"""Function: a data set out of what a user's function gives: a Dataset, four arrays, or two data sets of torch's."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from architectures.calling import Offer
from bench.data.content import dataset_of
from bench.data.dataset import Dataset
from bench.data.limits import ContentError, check_size
from bench.data.npz import NAMES, chosen
from bench.origins import Resolved
from bench.origins.module_path import on_path
from bench.origins.offer import call_with
from bench.origins.resolve import failures, folder_of

FOLDER = ("data_dir", "root", "folder", "path", "directory")
FORMS = (
    "return a bench.data.Dataset, (train images, train labels, test images, test labels), a dictionary of these, or "
    "(train, test) of torch's data sets"
)


def load(name: str, resolved: Resolved, data_dir: Path) -> Dataset:
    """Call the function with the folder of data sets, if it takes one, and bring what it gives to a Dataset.

    Data sets of torch's are read whole, item by item: (image, label), the image a tensor (C, H, W) or (H, W), an array
    or one of PIL's; the label a whole number.

    Raises:
        ContentError: what it gives is no data set.
        OriginError: it raises something, or a data set that it gives does.

    """
    given_back = call_with(resolved, (Offer(data_dir, FOLDER),))
    with on_path(folder_of(resolved.text)), failures(resolved.text, "cannot be read"):
        arrays = _arrays_of(given_back)
        classes = arrays.pop("classes", None)
        return dataset_of(name, arrays, classes)


def _arrays_of(value: Any) -> dict[str, Any]:
    """The four arrays, and `classes` where they are known."""
    if isinstance(value, Dataset):
        return {**{part: getattr(value, part) for part in NAMES}, "classes": value.classes}
    if isinstance(value, Mapping):
        return chosen(value)
    if isinstance(value, tuple | list):
        if len(value) == 4:
            return dict(zip(NAMES, value, strict=True))
        if len(value) == 2 and all(_is_pair(part) for part in value):  # as Keras gives them
            return dict(zip(NAMES, (*value[0], *value[1]), strict=True))
        if len(value) == 2 and all(_is_dataset(part) for part in value):
            return _of_two(*value)
    if _is_dataset(value) and not isinstance(value, tuple | list):
        raise ContentError(f"no test images: it gives one data set ({type(value).__name__}); {FORMS}")
    raise ContentError(f"it gives {_kind(value)}: {FORMS}")


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(hasattr(part, "shape") for part in value)


def _is_dataset(value: Any) -> bool:
    return hasattr(value, "__getitem__") and hasattr(value, "__len__") and not hasattr(value, "shape")


def _of_two(train: Any, test: Any) -> dict[str, Any]:
    classes = getattr(train, "classes", None)
    images, labels = _items_of(train, "train")
    test_images, test_labels = _items_of(test, "test")
    arrays = dict(zip(NAMES, (images, labels, test_images, test_labels), strict=True))
    return {**arrays, "classes": list(classes)} if isinstance(classes, Sequence) and len(classes) > 1 else arrays


def _items_of(items: Any, part: str) -> tuple[npt.NDArray[Any], list[Any]]:
    """All images of a data set of torch's, and their labels."""
    if not len(items):
        raise ContentError(f"there are no {part} images: give one at least")
    images: npt.NDArray[Any] | None = None
    labels = []
    for at in range(len(items)):
        item = items[at]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise ContentError(f"{part} item {at} is {_kind(item)}: give (image, label)")
        pixels = _pixels_of(item[0])
        if images is None:
            check_size(len(items), pixels.shape, pixels.itemsize)
            images = np.empty((len(items), *pixels.shape), dtype=pixels.dtype)
        if pixels.shape != images.shape[1:] or pixels.dtype != images.dtype:
            raise ContentError(
                f"{part} images are not alike: item 0 is {_form(images[0])} and item {at} is {_form(pixels)}; "
                "make them alike in the data set's transform"
            )
        images[at] = pixels
        labels.append(item[1].item() if isinstance(item[1], torch.Tensor | np.generic) else item[1])
    assert images is not None
    return images, labels


def _pixels_of(image: Any) -> npt.NDArray[Any]:
    """One image, (C, H, W) or (H, W), as an array."""
    pillow = sys.modules.get("PIL.Image")  # whoever gives one of its images has imported it
    if pillow is not None and isinstance(image, pillow.Image):
        grey = image.mode in ("1", "L", "LA")
        pixels = np.asarray(image.convert("L" if grey else "RGB"))
        return pixels if grey else pixels.transpose(2, 0, 1)
    if isinstance(image, torch.Tensor):
        return image.detach().cpu().numpy()
    return np.asarray(image)


def _form(pixels: npt.NDArray[Any]) -> str:
    return f"{'x'.join(map(str, pixels.shape))} {pixels.dtype}"


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)} ({', '.join(type(part).__name__ for part in value[:4])})"
    return type(value).__name__
