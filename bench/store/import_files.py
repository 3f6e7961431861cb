"""Import files: which files the words of `import` stand for, and what the run of each is called."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.errors import BenchError
from bench.files import is_folder

KINDS = (".json", ".csv")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import.

    Attributes:
        path: where it lies.
        below: the folder that it was found in; None where it was named itself, so that it has to be readable.

    """

    path: Path
    below: Path | None = None

    @property
    def steps(self) -> list[str]:
        """Its name and those of the folders on the way to it, from the one that was named."""
        inner = self.path.relative_to(self.below) if self.below else Path(self.path.name)
        return [*inner.parts[:-1], self.path.stem]


def sources(words: Iterable[str]) -> list[Source]:
    """Every file that is named, or lies in a folder that is named or below it; none twice.

    Raises:
        BenchError: a folder holds no file that could be imported, or cannot be read.

    """
    files: dict[Path, Source] = {}
    for word in words:
        path = Path(word)
        for source in _below(path) if is_folder(path) else (Source(path),):
            files.setdefault(Path(os.path.realpath(source.path)), source)  # which goes round in no circle of links
    return list(files.values())


def names(files: Sequence[Source], chosen: str | None) -> list[str]:
    """A name for the run of each file, no two alike: the file's, with its folders where it was found in one.

    Args:
        files: what is imported.
        chosen: what a single run is called, or what the name of each of several begins with.

    """
    plain = [_fit("-".join(source.steps)) for source in files]
    often = Counter(plain)
    unique = [
        _fit(f"{Path(os.path.realpath(source.path)).parent.name}-{name}") if often[name] > 1 else name
        for source, name in zip(files, plain, strict=True)
    ]
    if chosen:
        unique = [chosen] if len(files) == 1 and not files[0].below else [_fit(f"{chosen}-{name}") for name in unique]
    return list(_numbered(unique))


def _below(folder: Path) -> Iterator[Source]:
    try:
        inside = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file())
    except OSError as error:
        raise BenchError(f"cannot read {folder}: {error.strerror or error}; check its permissions") from error
    if not inside:
        raise BenchError(f"{folder} holds no file ending in {' or '.join(KINDS)}: name the folder that has them")
    return (Source(path, folder) for path in inside)


def _fit(text: str) -> str:
    """The text as a run may be called."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("._-")[:100] or "imported"


def _numbered(every: Iterable[str]) -> Iterator[str]:
    """The names, each of several equal ones but the first with a number behind it that makes it unlike all others."""
    wanted = list(every)
    used: set[str] = set()
    for name in wanted:
        numbered = (f"{name[:90]}-{number}" for number in count(2))
        own = name if name not in used else next(choice for choice in numbered if choice not in {*wanted, *used})
        used.add(own)
        yield own
