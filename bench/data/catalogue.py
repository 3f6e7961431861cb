"""The data sets by name: what each is, told without loading it, and how it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data import folder, mnist, synthetic
from bench.data.dataset import Dataset
from bench.errors import unknown

DATA_DIR = Path("data")  # where data sets that are not embedded are looked for


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a data set before it is loaded, and its loader, called with name, folder and limit."""

    input_shape: tuple[int, int, int]
    num_classes: int
    train: int
    test: int
    description: str
    load: Callable[[str, Path, int | None], Dataset]


def _mnist(_name: str, _data_dir: Path, limit: int | None) -> Dataset:
    return mnist.load(limit=limit)


def _folder(name: str, data_dir: Path, _limit: int | None) -> Dataset:
    return folder.load(name, data_dir)


def _synthetic(name: str, _data_dir: Path, _limit: int | None) -> Dataset:
    return synthetic.load(name)


ENTRIES = {
    "mnist": Entry((1, 28, 28), 10, 60_000, 10_000, "handwritten digits (embedded)", _mnist),
    "fashion_mnist": Entry((1, 28, 28), 10, 60_000, 10_000, "articles of clothing (a folder, or --download)", _folder),
    "kmnist": Entry((1, 28, 28), 10, 60_000, 10_000, "cursive Japanese characters (a folder, or --download)", _folder),
    "cifar10": Entry((3, 32, 32), 10, 50_000, 10_000, "small colour photographs (a folder, or --download)", _folder),
    "synthetic": Entry(
        synthetic.SHAPE,
        synthetic.CLASSES,
        *synthetic.sizes(synthetic.SHAPE),
        "random bytes for speed alone; any shape, such as synthetic:3x224x224:1000",
        _synthetic,
    ),
}


def names() -> list[str]:
    """The names of all data sets; `synthetic` also takes a shape and a number of classes."""
    return list(ENTRIES)


def describe() -> list[dict[str, Any]]:
    """What `about` tells of each data set, in the order of `names`."""
    return [about(name) for name in names()]


def about(name: str) -> dict[str, Any]:
    """Plain facts of one data set without loading it.

    Returns:
        name, input_shape as [C, H, W], num_classes, train and test as numbers of images, and description.

    Raises:
        BenchError: the name is unknown, or a malformed shape of `synthetic`.

    """
    entry = _entry(name)
    facts = {"name": name, "num_classes": entry.num_classes, "train": entry.train, "test": entry.test}
    shape = entry.input_shape
    if entry.load is _synthetic:
        shape, facts["num_classes"] = synthetic.parse(name)
        facts["train"], facts["test"] = synthetic.sizes(shape)
    return {**facts, "input_shape": list(shape), "description": entry.description}


def check(name: str, data_dir: Path | None = None, *, download: bool = False) -> None:
    """Raises what `load` would raise for a name that is unknown or malformed or files that are absent, reading none.

    Damaged files are only found by loading them. With `download` absent files are fetched first.
    """
    about(name)
    if name in folder.CLASSES:
        folder.check(name, data_dir or DATA_DIR, download=download)


def load(name: str, data_dir: Path | None = None, limit: int | None = None) -> Dataset:
    """The data set `name`, in memory.

    Args:
        name: one of `names`, or `synthetic` with a shape, such as `synthetic:3x32x32:100`.
        data_dir: the folder of data sets that are not embedded, laid out as torchvision does; `data` where None.
        limit: so many training images will do: what loads quicker so has no more, the others are whole.

    Raises:
        BenchError: the name is unknown or malformed, or its files are absent or damaged.

    """
    return _entry(name).load(name, data_dir or DATA_DIR, limit)


def _entry(name: str) -> Entry:
    key = "synthetic" if name.startswith("synthetic:") else name
    if key not in ENTRIES:
        raise unknown("data set", name, ENTRIES, "list datasets")
    return ENTRIES[key]
