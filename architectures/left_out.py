"""Left out: a plug-in that cannot be loaded: which one, of which package, why, and where in its own files."""

import traceback
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

LONGEST = 500  # characters of what a plug-in's error says


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One of them. `reason` has the exception and the place: "ImportError: no name x (my_nets/nets.py, line 3)"."""

    plugin: str
    package: str
    reason: str

    def __str__(self) -> str:
        return f"plug-in '{self.plugin}' of {self.package} is left out: {self.reason}"


def left_out(entry_point: EntryPoint, error: BaseException) -> LeftOut:
    """What to say of an entry point whose loading raised this."""
    reason = f"{type(error).__name__}: {_message_of(error)}".removesuffix(": ")
    return LeftOut(entry_point.name, package_of(entry_point), f"{reason}{_place(entry_point, error)}")


def _message_of(error: BaseException) -> str:
    """What an error says, in one line, whatever its own code makes of that."""
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException as trouble:
        return f"its message cannot be had: {type(trouble).__name__}"
    return " ".join(message.split())[:LONGEST]


def package_of(entry_point: EntryPoint) -> str:
    """The name of the package that an entry point is of."""
    return entry_point.dist.name if entry_point.dist else "unknown package"


def _place(entry_point: EntryPoint, error: BaseException) -> str:
    """The last place in the plug-in's own files on the way to the error; "" where none of them took part."""
    folders = _folders(entry_point.module.partition(".")[0])
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    own = [
        (Path(file).relative_to(folder.parent), line)
        for file, line in places
        for folder in folders
        if Path(file).is_relative_to(folder)
    ]
    return f" ({own[-1][0].as_posix()}, line {own[-1][1]})" if own else ""


def _folders(module: str) -> list[Path]:
    """The folders of a package, or the file of a module, which is not imported."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    return [Path(place) for place in spec.submodule_search_locations or [spec.origin or ""] if place]
