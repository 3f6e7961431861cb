"""Image files: which files of a folder are a data set's images, class by class, to train on and to test on."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.text import joined

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp", ".gif")
TESTS = ("test", "val", "valid")  # folders of test images beside `train`; the first that is there counts
EVERY = 6  # without such folders, every sixth image of each class is a test image
MOST = 300_000
LAYOUT = "put one folder a class into PATH/train and PATH/test, or into PATH itself"


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """The images of a folder.

    Attributes:
        folder: they lie below it.
        classes: in order; a label is the place of a class here.
        train: each file and its label, sorted by class and path.
        test: likewise.
        drawn_out: whether the test images are every sixth of each class, since there is no folder of them.

    """

    folder: Path
    classes: tuple[str, ...]
    train: tuple[tuple[Path, int], ...]
    test: tuple[tuple[Path, int], ...]
    drawn_out: bool


def image_files(folder: Path) -> ImageFiles:
    """The images of a folder: of its `train` and of its `test`, `val` or `valid`, or of the classes in it.

    A class is a folder, and all images below it are of that class. Names that begin with a dot are passed over, and so
    are files whose endings (in capitals or not) are not those of images. Symbolic links are followed.

    Raises:
        BenchError: there is no such folder, or it is not laid out like that, or has too few or too many images.

    """
    parts = {path.name.lower(): path for path in _folders(folder)}
    test = next((parts[name] for name in TESTS if name in parts), None)
    train = parts.get("train")
    if train is None and test is not None:
        raise BenchError(f"{folder} has a folder '{test.name}' and none to train on: {LAYOUT}")
    if train is None:
        return _drawn_out(folder, _classes(folder))
    if test is None:
        raise BenchError(
            f"no test images: {folder} has a folder 'train' and none beside it called {' or '.join(TESTS)}"
        )
    to_train, to_test = _classes(train), _classes(test)
    for own, other, place in ((to_train, to_test, test), (to_test, to_train, train)):
        if missing := [name for name in own if name not in other]:
            raise BenchError(
                f"classes differ between train and test: {place} has no {joined(missing, most=3)}; "
                "give both folders the same classes"
            )
    return _checked(ImageFiles(folder, tuple(to_train), _labelled(to_train), _labelled(to_test), drawn_out=False))


def _drawn_out(folder: Path, classes: dict[str, list[Path]]) -> ImageFiles:
    """Every sixth image of each class as a test image."""
    train = {name: [path for at, path in enumerate(paths, 1) if at % EVERY] for name, paths in classes.items()}
    test = {name: paths[EVERY - 1 :: EVERY] for name, paths in classes.items()}
    if not any(test.values()):
        raise BenchError(
            f"no test images: no class of {folder} has {EVERY} images, of which every sixth would be held out; "
            "add images, or put them into PATH/train and PATH/test"
        )
    return _checked(ImageFiles(folder, tuple(classes), _labelled(train), _labelled(test), drawn_out=True))


def _checked(files: ImageFiles) -> ImageFiles:
    if len(files.classes) < 2:
        raise BenchError(f"{files.folder} has one class, '{files.classes[0]}', and nothing to tell it from: {LAYOUT}")
    if (count := len(files.train) + len(files.test)) > MOST:
        raise BenchError(f"{files.folder} has {count:,} images, of {MOST:,} at most: choose fewer, or use npz:FILE")
    return files


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The images of each class, sorted."""
    classes = {path.name: sorted(_images(path, frozenset())) for path in _folders(folder)}
    if not classes:
        raise BenchError(f"no images in {folder}: there is no folder of a class; {LAYOUT}")
    if not any(classes.values()):
        raise BenchError(f"no images in {folder}: {LAYOUT}; an image ends in {', '.join(SUFFIXES)}")
    if empty := next((name for name, paths in classes.items() if not paths), None):
        raise BenchError(f"no images in {folder / empty}: add some, or remove that folder")
    return classes


def _labelled(classes: dict[str, list[Path]]) -> tuple[tuple[Path, int], ...]:
    return tuple((path, label) for label, paths in enumerate(classes.values()) for path in paths)


def _folders(folder: Path) -> list[Path]:
    return [entry for entry in _entries(folder) if _is_folder(entry)]


def _images(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """The images below a folder; a link to a folder that it lies in is passed over."""
    within = above | {os.path.realpath(folder)}
    for path in _entries(folder):
        if _is_folder(path):
            if os.path.realpath(path) not in within:
                yield from _images(path, within)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:  # where a link leads that nobody may follow
        raise BenchError(f"cannot read {path}: {error.strerror}; remove it, or check its permissions") from error


def _entries(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
    except NotADirectoryError as error:
        raise BenchError(
            f"{folder} is a file: name the folder that holds the classes (npz:FILE for one of .npz)"
        ) from error
    except FileNotFoundError as error:
        raise BenchError(
            f"there is no folder {folder}: check the path, and write a shape as in PATH:3x64x64"
        ) from error
    except OSError as error:
        raise BenchError(f"cannot read {folder}: {error.strerror}; check its name and permissions") from error
    except ValueError as error:  # a NUL, which no name has
        raise BenchError(f"cannot read {str(folder)!r}: {error}; check its name") from error
