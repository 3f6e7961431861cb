"""MNIST, embedded: the four original files beside this module, checked by their sums when they are loaded whole."""

import hashlib
from pathlib import Path

from torch import Tensor

from bench.data import idx
from bench.data.dataset import Dataset
from bench.errors import BenchError

FOLDER = Path(__file__).parent / "mnist"

SHA256 = {  # of the uncompressed bytes
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

COMPRESSED = {  # SHA-256 of the files as they lie in FOLDER
    "train-images-idx3-ubyte": "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
    "train-labels-idx1-ubyte": "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
    "t10k-images-idx3-ubyte": "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
    "t10k-labels-idx1-ubyte": "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
}


def check(folder: Path = FOLDER) -> None:
    """Raises what `load` would raise of the whole, in a hundredth of a second where there is nothing to raise."""
    try:
        sums = {name: hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest() for name in COMPRESSED}
    except OSError:
        sums = {}
    if sums != COMPRESSED:
        load(folder)  # names what is wrong; files that were compressed anew may be right


def load(folder: Path = FOLDER, limit: int | None = None) -> Dataset:
    """The 60,000 training and 10,000 test images, (N, 1, 28, 28), in about a third of a second.

    Args:
        folder: of the four files.
        limit: only the first so many of each, in a few hundredths of a second; their sums are not checked then.

    Raises:
        BenchError: a file of `folder` is missing, truncated, or not the original.

    """
    train_images, train_labels, test_images, test_labels = (_read(folder, name, limit) for name in SHA256)
    return Dataset(
        name="mnist",
        train_images=train_images.unsqueeze(1),
        train_labels=train_labels.long(),
        test_images=test_images.unsqueeze(1),
        test_labels=test_labels.long(),
        classes=tuple("0123456789"),
    )


def _read(folder: Path, name: str, limit: int | None) -> Tensor:
    try:
        return idx.read(folder / f"{name}.gz", SHA256[name], limit)
    except idx.IdxError as error:
        raise BenchError(
            f"cannot load mnist: {name}.gz in {folder} {error}; expected {name} with sha256 {SHA256[name][:12]}... "
            "compressed by gzip: restore it with 'git checkout -- bench/data/mnist', or install the suite again"
        ) from error
