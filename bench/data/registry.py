"""The data sets by name: the facts of each, known without loading it, and how it is loaded."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.data import mnist, synthetic, torchvision_files
from bench.data.dataset import Dataset
from bench.data.spec import DatasetSpec
from bench.errors import unknown

DATA_DIR = Path("data")  # where data sets that are not embedded are looked for


def _mnist(_name: str, _data_dir: Path, limit: int | None) -> Dataset:
    return mnist.load(limit=limit)


def _folder(name: str, data_dir: Path, _limit: int | None) -> Dataset:
    return torchvision_files.load(name, data_dir, ENTRIES[name])


def _synthetic(name: str, _data_dir: Path, _limit: int | None) -> Dataset:
    return synthetic.load(name)


ENTRIES = {
    "mnist": DatasetSpec((1, 28, 28), 10, 60_000, 10_000, "handwritten digits (embedded)", _mnist),
    "fashion_mnist": DatasetSpec(
        (1, 28, 28), 10, 60_000, 10_000, "articles of clothing (a folder, or --download)", _folder
    ),
    "kmnist": DatasetSpec(
        (1, 28, 28), 10, 60_000, 10_000, "cursive Japanese characters (a folder, or --download)", _folder
    ),
    "cifar10": DatasetSpec(
        (3, 32, 32), 10, 50_000, 10_000, "small colour photographs (a folder, or --download)", _folder
    ),
    "synthetic": DatasetSpec(
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
    """The facts of each data set, in the order of `names`."""
    return [facts_of(name) for name in names()]


def facts_of(name: str) -> dict[str, Any]:
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
    """Raises what `load` would raise of the whole data set, so that a fault is found before anything is measured.

    With `download` absent files are fetched first. Takes a hundredth of a second for `mnist`, none for `synthetic`, and
    for the others as long as loading them.
    """
    entry, place = _entry(name), _place(data_dir)
    if entry.load is _synthetic:
        synthetic.parse(name)
    elif entry.load is _mnist:
        mnist.check()
    else:
        if download and name in torchvision_files.CLASSES:
            torchvision_files.fetch(name, place)
        entry.load(name, place, None)


def load(name: str, data_dir: Path | None = None, limit: int | None = None) -> Dataset:
    """The data set `name`, in memory.

    Args:
        name: one of `names`, or `synthetic` with a shape, such as `synthetic:3x32x32:100`.
        data_dir: the folder of data sets that are not embedded, laid out as torchvision does, `~` for home; `data`
            where None.
        limit: so many training images will do: what loads quicker so has no more, the others are whole.

    Raises:
        BenchError: the name is unknown or malformed, or its files are absent or damaged.

    """
    return _entry(name).load(name, _place(data_dir), limit)


def _entry(name: str) -> DatasetSpec:
    key = "synthetic" if name.startswith("synthetic:") else name
    if key not in ENTRIES:
        raise unknown("data set", name, ENTRIES, "list datasets")
    return ENTRIES[key]


def _place(data_dir: Path | None) -> Path:
    place = data_dir or DATA_DIR
    with suppress(RuntimeError):  # `~name` of nobody here: a folder like any other
        return place.expanduser()
    return place
