"""The data sets by name: the facts of each, known without loading it, and how it is loaded."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.data import mnist, named, synthetic, torchvision_files
from bench.data.dataset import Dataset
from bench.data.spec import DatasetSpec
from bench.errors import BenchError, unknown
from bench.origins.plugins import Plugins
from bench.plan.copies import copy_of
from bench.plan.origin import parse

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


def plugins_of(group: str) -> Plugins[str]:
    """Data sets of installed packages: by name, the text of an origin for what a function of theirs is."""
    return Plugins(group, lambda _name, text: text, ENTRIES)


_plugins = plugins_of("bench.datasets")


def names() -> list[str]:
    """The names of all data sets; `synthetic` also takes a shape and a number of classes."""
    return [*ENTRIES, *_plugins.names()]


def describe() -> list[dict[str, Any]]:
    """What is known of each data set without reading a plug-in's, in the order of `names`."""
    return [outline_of(name) for name in names()]


def plugin_problems() -> list[str]:
    """One line for each plug-in that was left out, with the reason."""
    return _plugins.problems()


def outline_of(name: str) -> dict[str, Any]:
    """As `facts_of`, but of a plug-in, which would have to be read, its name and where it is from alone."""
    if _plugins.get(name):
        facts = _plugins.facts_of(name)
        unread = dict.fromkeys(("input_shape", "num_classes", "train", "test"))
        return {"name": name, **unread, "description": f"of {facts['package']} ({facts['text']})", "plugin": facts}
    return facts_of(name)


def facts_of(name: str, data_dir: Path | None = None) -> dict[str, Any]:
    """Plain facts of one data set, which is read only where nobody registered it.

    Args:
        name: one of `names`, or an origin: `folder:PATH`, `npz:FILE`, `my_data.py:load`.
        data_dir: as `load`.

    Returns:
        name, input_shape as [C, H, W], num_classes, train and test as numbers of images, and description; of an origin
        `origin` too, see `bench.data.named.facts_of`, and of a plug-in `plugin`, the package that it is of.

    Raises:
        BenchError: the name is unknown, a malformed shape of `synthetic`, or as `load`.

    """
    if parse(name):
        return named.facts_of(name, _place(data_dir))
    if text := _plugins.get(name):
        facts = named.facts_of(text, _place(data_dir))
        return {key: value for key, value in facts.items() if key != "origin"} | {
            "name": name,
            "plugin": {**_plugins.facts_of(name), "description": facts["description"]},
        }
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
    if _text_of(name):
        facts_of(name, data_dir)
        return
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
        name: one of `names`, `synthetic` with a shape, such as `synthetic:3x32x32:100`, or an origin: `folder:PATH`,
            `npz:FILE`, `my_data.py:load`.
        data_dir: the folder of data sets that are not embedded, laid out as torchvision does, `~` for home; `data`
            where None.
        limit: so many training images will do: what loads quicker so has no more, and maybe no test images; the others
            are whole.

    Raises:
        BenchError: the name is unknown or malformed, or its files are absent or damaged.

    """
    if text := _text_of(name):
        return replace(named.load(text, _place(data_dir), limit), name=name)
    return _entry(name).load(name, _place(data_dir), limit)


def _text_of(name: str) -> str:
    """The origin that a name is, or that a plug-in's function has; "" for a data set of the suite's own."""
    return name if parse(name) else _plugins.get(name) or ""


def _entry(name: str) -> DatasetSpec:
    key = "synthetic" if name.startswith("synthetic:") else name
    if key not in ENTRIES:
        scheme = "npz" if name.endswith(".npz") else "folder" if _is_folder(name) else ""
        if scheme:
            raise BenchError(f"unknown data set '{name}': to read images from there write {scheme}:{name}")
        raise unknown("data set", name, names(), "list datasets")
    return ENTRIES[key]


def _is_folder(name: str) -> bool:
    try:
        return bool(name) and Path(name).is_dir()
    except OSError:  # a name too long
        return False


def _place(data_dir: Path | None) -> Path:
    place = data_dir or DATA_DIR
    with suppress(RuntimeError):  # `~name` of nobody here: a folder like any other
        return copy_of(place.expanduser())
    return place
