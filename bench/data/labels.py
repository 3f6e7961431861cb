"""Labels: numbers or texts of training and test images, numbered from 0 and named."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.data.arrays import array_of
from bench.data.limits import Array, ContentError, check_classes, shown
from bench.text import joined


def labels_of(value: Any, what: str, count: int) -> Array:
    """Labels (N,), whole numbers from 0 or texts."""
    array = array_of(value, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = ": of one-hot rows give argmax(1)" if array.ndim == 2 else ""
        raise ContentError(f"{what} are {shown(array.shape)} and not (N,) or (N, 1){hint}")
    if len(array) != count:
        part = what.split(maxsplit=1)[0]
        raise ContentError(f"{count:,} {part} images have {len(array):,} labels: give each its own")
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind not in "iub":
        raise ContentError(f"{what} are {array.dtype}: give texts, or whole numbers such as labels.astype(int)")
    if array.dtype.kind != "b" and (array.min() < 0 or array.max() >= 2**62):
        raise ContentError(f"{what} go from {array.min()} to {array.max()}: number them from 0")
    return array.astype(np.int64)


def numbered(own: Array, others: Array, classes: Sequence[str] | None) -> tuple[Array, Array, tuple[str, ...]]:
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
