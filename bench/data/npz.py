"""NPZ: the arrays of a data set in a file of numpy's, read without unpickling anything."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.content import dataset_of
from bench.data.dataset import Dataset
from bench.data.limits import LARGEST, ContentError, check_classes
from bench.errors import BenchError
from bench.text import quantity

# What each array may be called: as here, or as Keras has it.
NAMES = {
    "train_images": ("train_images", "x_train", "X_train"),
    "train_labels": ("train_labels", "y_train"),
    "test_images": ("test_images", "x_test", "X_test"),
    "test_labels": ("test_labels", "y_test"),
}
CLASSES = ("classes", "class_names")
_SMALL, _MOST_PACKED = 10**8, 500  # bytes that any file may unpack to, and times its size that a larger one may


def load(name: str, path: Path) -> Dataset:
    """The data set in a file of four arrays, as `bench.data.content.dataset_of` takes them.

    Raises:
        ContentError: the file is absent, damaged or too large, holds Python objects, or lacks an array.

    """
    try:
        arrays = _read(path)
    except BenchError:
        raise
    except Exception as error:  # numpy and zipfile raise what they like on damaged files
        raise ContentError(f"cannot read {path}: {_reason(error)}; write it anew by numpy.savez") from error
    classes = arrays.pop("classes", None)
    if classes is not None:
        check_classes(np.size(classes))
    return dataset_of(name, arrays, None if classes is None else [str(text) for text in np.ravel(classes)])


def chosen(held: Any) -> dict[str, Any]:
    """The four arrays, and `classes` where there are any, out of what a file or a dictionary holds.

    Raises:
        ContentError: one is missing.

    """
    arrays = {}
    for wanted, names in NAMES.items():
        name = next((known for known in names if known in held), None)
        if name is None:
            what = wanted.replace("_", " ")
            raise ContentError(f"no {what}: add an array {' or '.join(names[:2])} (there are {_listed(held)})")
        arrays[wanted] = held[name]
    known = next((name for name in CLASSES if name in held), None)
    return arrays if known is None else {**arrays, "classes": held[known]}


def _read(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise ContentError(f"{path} is a folder: name a file (folder:PATH for one of images)")
    if not path.is_file():
        raise ContentError(f"there is no file {path}: check the path")
    if not zipfile.is_zipfile(path):
        raise ContentError(f"{path} is no .npz file, or is cut short: write it anew by numpy.savez")
    with zipfile.ZipFile(path) as packed:
        size = sum(member.file_size for member in packed.infolist())
    if size > _SMALL and size > _MOST_PACKED * path.stat().st_size:
        raise ContentError(
            f"it unpacks to {quantity(float(size), 'B')}, over {_MOST_PACKED} times its size, as no images do"
        )
    if size > LARGEST:
        raise ContentError(
            f"its arrays take {quantity(float(size), 'B')} of memory, and {quantity(float(LARGEST), 'B')} is the most: "
            "keep fewer images, or bytes in place of floats"
        )
    with np.load(path, allow_pickle=False) as held:
        return chosen(held)


def _reason(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    reason = " ".join(words.split()) or type(error).__name__
    return "it holds Python objects, which are not unpickled" if "allow_pickle" in reason else reason


def _listed(held: Any) -> str:
    return ", ".join(sorted(map(str, held))[:8]) or "nothing"
