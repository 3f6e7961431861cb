"""Synthetic: random bytes of any shape, for measuring speed alone. Nothing can be learnt from it."""

import math
import re

import torch

from bench.data.dataset import Dataset
from bench.errors import BenchError

SHAPE, CLASSES = (1, 28, 28), 10  # those of mnist
TRAIN, TEST = 4096, 1024
LEAST_TRAIN = 64
BYTES = 2**26  # a larger training set is cut down to this many bytes, but never below LEAST_TRAIN images
LARGEST_IMAGE = 2**24  # bytes
SEED = 0

FORM = re.compile(r"synthetic(?::([1-9]\d*)x([1-9]\d*)x([1-9]\d*)(?::([1-9]\d*))?)?", re.ASCII)


def parse(name: str) -> tuple[tuple[int, int, int], int]:
    """Shape (C, H, W) and number of classes in a name: `synthetic`, `synthetic:3x32x32` or `synthetic:3x32x32:100`.

    Raises:
        BenchError: the name has another form, or asks for images too large to be meant.

    """
    match = FORM.fullmatch(name)
    if not match:
        raise BenchError(
            f"malformed data set '{name}': write synthetic:CHANNELSxHEIGHTxWIDTH or "
            "synthetic:CHANNELSxHEIGHTxWIDTH:CLASSES, such as synthetic:3x224x224:1000"
        )
    if match[1] is None:
        return SHAPE, CLASSES
    shape = (int(match[1]), int(match[2]), int(match[3]))
    if math.prod(shape) > LARGEST_IMAGE:
        raise BenchError(
            f"data set '{name}' has {math.prod(shape):,} bytes an image: ask for {LARGEST_IMAGE:,} at most"
        )
    return shape, int(match[4] or CLASSES)


def sizes(shape: tuple[int, int, int]) -> tuple[int, int]:
    """How many images there are to train on and to test on: powers of two, fewer of large ones."""
    fitting = max(BYTES // math.prod(shape), LEAST_TRAIN)
    train = min(TRAIN, 2 ** (fitting.bit_length() - 1))
    return train, train * TEST // TRAIN


def load(name: str) -> Dataset:
    """The data set of a name that `parse` understands; the same name gives the same bytes.

    Raises:
        BenchError: the name is malformed.

    """
    shape, num_classes = parse(name)
    train, test = sizes(shape)
    generator = torch.Generator().manual_seed(SEED)
    images = torch.randint(0, 256, (train + test, *shape), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, num_classes, (train + test,), generator=generator)
    return Dataset(
        name=name,
        train_images=images[:train],
        train_labels=labels[:train],
        test_images=images[train:],
        test_labels=labels[train:],
        classes=tuple(str(label) for label in range(num_classes)),
    )
