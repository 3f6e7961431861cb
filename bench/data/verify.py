"""Verification: whether what was read from a folder is the data set that was published, as far as its files can tell.

Shapes, counts and labels are always checked, and torchvision compares the MD5 sum of each file of CIFAR-10. Of the IDX
sets only the compressed files have checksums: where they are kept next to the extracted ones, as a download leaves
them, every byte is verified. Without them only the spread of the labels and the mean pixel are, which tells the sets
apart and finds a changed label, but not a changed pixel.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from bench.data.dataset import Dataset
from bench.data.idx import UNSIGNED_BYTE
from bench.data.normalize import statistics
from bench.data.spec import DatasetSpec

MEANS = {"fashion_mnist": 0.286, "kmnist": 0.19}  # of the training pixels over 255, as published; MNIST has 0.13
NEAR = 0.02  # they differ by 0.06 at least


class NotGenuineError(ValueError):
    """What was read is well-formed, and not what was published; the message says in what it differs."""


def check_sizes(dataset: Dataset, entry: DatasetSpec) -> None:
    """Raises NotGenuineError where shapes, numbers or labels are not those of the registry."""
    for part, images, labels, count in (
        ("training", dataset.train_images, dataset.train_labels, entry.train),
        ("test", dataset.test_images, dataset.test_labels, entry.test),
    ):
        if images.dtype != torch.uint8 or images.shape[1:] != entry.input_shape:
            raise NotGenuineError(f"{part} images are {_form(images)}, not {'x'.join(map(str, entry.input_shape))}")
        if not len(images) == len(labels) == count:
            raise NotGenuineError(f"{len(images)} {part} images with {len(labels)} labels, not {count}")
        if not 0 <= int(labels.min()) <= int(labels.max()) < entry.num_classes:
            raise NotGenuineError(f"{part} labels outside 0 to {entry.num_classes - 1}")


def check_idx(dataset: Dataset, folder: Path, resources: Iterable[tuple[str, str]]) -> None:
    """Raises NotGenuineError where a data set of MEANS cannot have come from the published IDX files.

    Args:
        dataset: whose sizes are right.
        folder: where the compressed files are, if they were kept.
        resources: their names and MD5 sums: training images and labels, test images and labels.

    """
    arrays = dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels
    for (packed, md5), array in zip(resources, arrays, strict=True):
        path = folder / packed
        if path.is_file() and _sum_within(path, md5) != _sum(array):
            raise NotGenuineError(f"{path.stem} differs from the content of {packed}")
    for part, labels in (("training", dataset.train_labels), ("test", dataset.test_labels)):
        counts = labels.bincount(minlength=dataset.num_classes)
        if int(counts.min()) != int(counts.max()):
            raise NotGenuineError(f"classes of {counts.min()} to {counts.max()} {part} images, not all the same")
    mean, published = statistics(dataset.train_images).mean[0], MEANS[dataset.name]
    if abs(mean - published) > NEAR:
        raise NotGenuineError(f"a mean pixel of {mean:.2f}, not {published:.2f}, as if of another data set")


def _form(images: Tensor) -> str:
    return f"{'x'.join(map(str, images.shape[1:]))}" + ("" if images.dtype == torch.uint8 else f" of {images.dtype}")


def _sum_within(path: Path, md5: str) -> int:
    """The CRC-32 of what a gzip file holds, from its last eight bytes: that sum and the length, little-endian."""
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise NotGenuineError(f"{path.name} is not the published file")
    return int.from_bytes(content[-8:-4], "little")


def _sum(array: Tensor) -> int:
    """The CRC-32 of an IDX file of these bytes: images (N, 1, H, W) or labels (N,)."""
    values = (array.squeeze(1) if array.ndim > 1 else array).byte()
    header = bytes([0, 0, UNSIGNED_BYTE, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return zlib.crc32(values.numpy().data, zlib.crc32(header))
