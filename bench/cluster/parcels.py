"""Parcels: the files that a plan names go through Ray's object store, and are laid out once on each node."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.plan.copies import below
from bench.plan.image_files import image_files
from bench.plan.origin import BASE, Origin, is_path, parse
from bench.plan.plan import Plan
from bench.text import quantity
from bench.user_folder import user_folder

BUNDLE = 64 * 2**20  # bytes of files that are one object in the store
MOST_CODE, MOST_DATA = 64 * 2**20, 16 * 2**30  # bytes of the sources beside a named file, and of all data
DATA_DIR = Path("data")  # where data sets that are not embedded are, unless --data-dir says otherwise
EMBEDDED = ("mnist", "synthetic")  # these need no files

Piece = tuple[str, bytes]  # the path of a file at home, and the bytes that come next in it


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a node needs of the files at home.

    Attributes:
        digest: SHA-256 of all paths and bytes.
        base: the folder at home that relative names start from.
        bundles: references into the object store, each to a list of pieces.

    """

    digest: str
    base: str
    bundles: tuple[Any, ...] = ()


def packed(plan: Plan, put: Callable[[list[Piece]], Any]) -> Parcel:
    """The parcel of all files that the plan names.

    Args:
        plan: what is to be measured.
        put: stores a list of pieces and gives a reference to it.

    Raises:
        BenchError: a name does not tell where its file is, or the files are too many.

    """
    whole, references = sha256(), []
    for bundle in bundles_of(files_of(plan)):
        for path, content in bundle:
            whole.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
        references.append(put(bundle))
    base = str(_base())
    whole.update(base.encode("utf-8", "surrogateescape"))
    return Parcel(whole.hexdigest(), base, tuple(references))


def files_of(plan: Plan) -> list[Path]:
    """Every file that the plan names, with the sources beside code and the images of a folder: whole paths, sorted.

    What is not there is left out: the node says so in its own words.

    Raises:
        BenchError: as of `packed`.

    """
    code: set[Path] = set()
    data: set[Path] = set()
    for text in (*plan.architectures, *plan.optimizers, *plan.losses, *plan.datasets):
        if origin := parse(text):
            _check_name(text, origin)
            (data if is_path(text) else code).update(_data(origin) if is_path(text) else _code(origin))
    if not all(text.partition(":")[0] in EMBEDDED or is_path(text) for text in plan.datasets):
        data.update(_below(_whole(Path(plan.data_dir or DATA_DIR).expanduser())))
    _check_size(code, MOST_CODE, "the sources beside the files that are named", "put those files into a folder apart")
    _check_size(data, MOST_DATA, "the data", "put them on every node, and name a --data-dir that is not here")
    return sorted(code | data)


def bundles_of(paths: Iterable[Path]) -> Iterator[list[Piece]]:
    """The bytes of the files in lists of at most BUNDLE bytes; a large one is in several, and an empty one too."""
    bundle: list[Piece] = []
    room = BUNDLE
    for path in paths:
        with path.open("rb") as file:
            content = file.read(room)
            bundle.append((str(path), content))
            room -= len(content)
            while room <= 0:
                yield bundle
                content = file.read(BUNDLE)
                bundle, room = ([(str(path), content)] if content else []), BUNDLE - len(content)
    if bundle:
        yield bundle


def laid_out(parcel: Parcel, get: Callable[[Any], list[Piece]]) -> Path:
    """The folder below which this machine has the files of the parcel; they are fetched where they are not there yet.

    Args:
        parcel: what is needed.
        get: gives the pieces that a reference stands for.

    Raises:
        OSError: they cannot be written.

    """
    place = (user_folder() or Path(tempfile.gettempdir()) / f"bench-{os.getuid()}") / "copies"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = place / parcel.digest[:32]
    if not folder.is_dir():
        new = Path(tempfile.mkdtemp(dir=place))
        try:
            below(new, Path(parcel.base)).mkdir(parents=True, exist_ok=True)
            for reference in parcel.bundles:
                _write(new, get(reference))
            _move(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return folder


def _write(folder: Path, pieces: Iterable[Piece]) -> None:
    for path, content in pieces:
        file = below(folder, Path(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as end:
            end.write(content)


def _move(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process of this machine was first
            raise


def _check_name(text: str, origin: Origin) -> None:
    if (origin.file or origin.name if is_path(text) else origin.source).startswith("~"):
        raise BenchError(f"'{text}': home is another folder on a node: write the whole path")


def _data(origin: Origin) -> list[Path]:
    path = _whole(Path.cwd() / origin.path)
    if not path.is_dir():
        return [path] if path.is_file() else []
    images = image_files(path)
    return [file for file, _ in (*images.train, *images.test)]


def _code(origin: Origin) -> Iterator[Path]:
    """A file with the modules and packages beside it; for a module that is found from the base, those there."""
    top = origin.source.partition(".")[0]
    if origin.file:
        file = _whole(_base() / origin.file)
        folder: Path | None = file.parent if file.is_file() else None
    else:
        is_here = (_base() / f"{top}.py").is_file() or (_base() / top / "__init__.py").is_file()
        folder = _base() if is_here else None
    if folder:
        yield from (path for path in folder.glob("*.py") if path.is_file())
        for package in folder.glob("*/__init__.py"):
            yield from (path for path in package.parent.rglob("*.py") if path.is_file())


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _base() -> Path:
    return _whole(Path(os.environ.get(BASE) or Path.cwd()))


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links, and names would be others


def _check_size(paths: Iterable[Path], most: int, what: str, remedy: str) -> None:
    size = sum(path.stat().st_size for path in paths)
    if size > most:
        raise BenchError(f"{what} come to {quantity(size, 'B')}, of {quantity(most, 'B')} at most: {remedy}")
