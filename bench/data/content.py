"""Content: labelled images in whatever usual form, checked and brought to the one form of a Dataset."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from bench.data.arrays import form_of, in_form, pixels_of
from bench.data.dataset import Dataset
from bench.data.labels import labels_of, numbered
from bench.data.limits import Array, ContentError, check_size, shown

SEED = 0  # of the order of training images


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
    form = form_of(train)
    train, test = in_form(train, form, "train images"), in_form(test, form, "test images")
    if train.shape[1:] != test.shape[1:]:
        raise ContentError(f"train images are {shown(train.shape[1:])} and test images {shown(test.shape[1:])}")
    if train.dtype != test.dtype:
        raise ContentError(f"train images are {train.dtype} and test images {test.dtype}: give both the same type")
    check_size(len(train) + len(test), train.shape[1:], train.itemsize)
    own, others = (
        labels_of(arrays[f"{part}_labels"], f"{part} labels", len(images))
        for part, images in (("train", train), ("test", test))
    )
    labels, test_labels, names = numbered(own, others, classes)
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
