"""Named: the data sets that nobody registered: a folder of images, a file of arrays, or what a function gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from inspect import getdoc
from pathlib import Path
from typing import Any

from bench.data import function, npz
from bench.data.dataset import Dataset
from bench.data.limits import ContentError
from bench.errors import BenchError
from bench.origins import resolve, settings_kept
from bench.plan.content import digest_of
from bench.plan.copies import copy_of, home_of
from bench.plan.image_files import image_files
from bench.plan.origin import Origin, parse


def load(text: str, data_dir: Path, limit: int | None = None) -> Dataset:
    """The data set that the text of an origin names, as `bench.data.registry.load` gives it.

    Raises:
        BenchError: it names none, or what it names cannot be read.

    """
    origin = parse(text)
    assert origin is not None
    with _placed(text):
        if origin.source == "folder":
            from bench.data import image_folder  # noqa: PLC0415 - needs pillow, which another interpreter may lack

            return image_folder.load(origin.label, image_files(_absolute(origin)), origin.shape, limit)
        if origin.source == "npz":
            return npz.load(origin.label, _absolute(origin))
        with settings_kept(random=True):
            return function.load(origin.label, resolve(text), data_dir)


@cache
def facts_of(text: str, data_dir: Path) -> dict[str, Any]:
    """The facts of a data set, read whole once in this process (`bench.data.registry.facts_of`).

    Its `origin` is the `text`; the `file`, which may be a folder, with the `sha256` of its content, or the code of a
    function as `bench.origins.Resolved.facts`; and `description`.

    Raises:
        BenchError: as `load`.

    """
    origin = parse(text)
    assert origin is not None
    dataset = load(text, data_dir)
    description = _description(text, origin)
    return {
        "name": dataset.name,
        "num_classes": dataset.num_classes,
        "train": len(dataset.train_images),
        "test": len(dataset.test_images),
        "input_shape": list(dataset.input_shape),
        "description": description,
        "origin": {**_code_or_content(text, origin), "description": description},
    }


def _description(text: str, origin: Origin) -> str:
    if origin.source == "folder":
        parts = image_files(_absolute(origin))
        test = "every sixth image of each class, in order, is a test image" if parts.drawn_out else "as divided there"
        resized = "" if origin.shape is None else ", resized"
        return f"images of {origin.path}{resized}; {test}"
    if origin.source == "npz":
        return f"arrays of {origin.path}"
    return (getdoc(resolve(text).target) or "").partition("\n")[0]


def _code_or_content(text: str, origin: Origin) -> dict[str, Any]:
    if origin.source not in ("folder", "npz"):
        return resolve(text).facts
    path = _absolute(origin)
    return {"text": text, "file": str(home_of(path)), "sha256": digest_of(path)}


def _absolute(origin: Origin) -> Path:
    return copy_of(Path.cwd() / origin.path)


@contextmanager
def _placed(text: str) -> Iterator[None]:
    """Say of which data set an error is."""
    try:
        yield
    except ContentError as error:
        raise BenchError(f"'{text}': {error}") from error
    except MemoryError as error:
        raise BenchError(f"'{text}' does not fit into memory: choose fewer or smaller images") from error
