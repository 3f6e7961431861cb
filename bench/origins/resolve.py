"""Resolve: from the text of an origin to the object it names, and to what tells later which code that was."""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, reduce
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import files
from bench.errors import BenchError, brief, cut, is_ctrl_c, message_of, nearest
from bench.origins.handed import handed_over
from bench.origins.module_path import on_path
from bench.origins.place import place_of
from bench.plan.copies import home_of
from bench.plan.origin import BASE, TRACEBACK, Origin, file_of, parse

LONGEST = 303  # characters of another's error beside the place and the remedy


class OriginError(BenchError):
    """What a user named cannot be had, in one line: cause, place, remedy."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An object that a user named.

    Attributes:
        text: how it was named.
        origin: the same, taken apart.
        target: the object itself; nothing was called yet.
        facts: which code that was: `text`, and `file` with its `sha256`, or `package` with its `version` (None where no
            installed package has it); of an object that was handed over `pickle`, the SHA-256 of its value.

    """

    text: str
    origin: Origin
    target: Any
    facts: dict[str, Any]

    @property
    def description(self) -> str:
        """The first paragraph of its docstring, in one line; "" where it has none."""
        target = getattr(self.target, "func", self.target)  # of a partial one
        return " ".join((getattr(target, "__doc__", None) or "").strip().partition("\n\n")[0].split())

    def call(self, *arguments: Any, **named: Any) -> Any:
        """Call it with these arguments and the others that the user gave, its folder on the module path.

        Raises:
            OriginError: it raised, or takes no such arguments.

        """
        own, own_named = self.origin.call_arguments()
        named = {**named, **own_named}
        with calling(self.text, (*own, *arguments), named):
            return self.target(*own, *arguments, **named)


@cache
def resolve(text: str) -> Resolved:
    """What `text` names, imported once in this process.

    Raises:
        OriginError: there is no such file or module, its import fails, or the name is not in it.

    """
    origin = parse(text)
    if origin is None:
        raise OriginError(f"'{text}' names no file or module")
    if origin.digest:
        with failures(origin.name, "cannot be made again here"):
            target, facts = handed_over(text)
        return Resolved(text, origin, target, {"text": text, **facts})
    module, facts = _imported(text, origin)
    with on_path(folder_of(text)), failures(text, "cannot be had"):
        try:
            target = reduce(getattr, origin.name.split("."), module)
        except AttributeError as error:
            near = nearest(origin.name, [name for name in vars(module) if not name.startswith("_")])
            hint = f": did you mean '{near}'?" if near else ": check the name"
            raise OriginError(f"{origin.source} has no '{origin.name}'{hint}") from error
    return Resolved(text, origin, target, {"text": text, **facts})


def base() -> Path:
    """The folder that relative files are found from."""
    return Path(os.environ.get(BASE) or Path.cwd())


def folder_of(text: str) -> Path:
    """The folder that is on the module path while what `text` names is imported or called."""
    file = file_of(text, base())
    return file.parent if file else base()


@contextmanager
def calling(text: str, placed: Sequence[Any], named: Mapping[str, Any]) -> Iterator[None]:
    """While what `text` names is called with these: its folder on the module path, what it raises an OriginError."""
    shown = ", ".join([*map(brief, placed), *(f"{name}={brief(value)}" for name, value in named.items())])
    trouble = f"cannot be called with ({shown})" if shown else "cannot be called"
    with on_path(folder_of(text)), failures(text, trouble):
        yield


@contextmanager
def failures(text: str, trouble: str) -> Iterator[None]:
    """Whatever is raised in the block becomes an OriginError, with the place in the user's own file."""
    try:
        yield
    except BenchError:
        raise
    except BaseException as error:
        if is_ctrl_c(error):
            raise
        raise OriginError(f"'{text}' {trouble}: {told_of(error)}") from error


def told_of(error: BaseException) -> str:
    """What a user's own code raised, in one line, with the place in their own file.

    The traceback goes to stderr where it was asked for.
    """
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, SyntaxError):
        words = f"{type(error).__name__}: {' '.join(error.msg.split())}"
    else:
        message = cut(message_of(error), LONGEST)
        words = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if "relative import with no known parent" in words:
        words += "; name it as a module of its package (package.module:NAME)"
    return words + place_of(error)


def _imported(text: str, origin: Origin) -> tuple[ModuleType, dict[str, Any]]:
    file = file_of(text, base())
    if file is not None:
        return _of_file(text, file)
    with on_path(base()), failures(text, "cannot be imported"):
        try:
            module = importlib.import_module(origin.source)
        except ModuleNotFoundError as error:
            if error.name and (origin.source == error.name or origin.source.startswith(f"{error.name}.")):
                raise OriginError(
                    f"there is no module '{origin.source}' (of '{text}'): install it, or name a file: nets.py:Net"
                ) from error
            raise
    return module, package_of(module)


def _of_file(text: str, file: Path) -> tuple[ModuleType, dict[str, Any]]:
    """The module that the file holds, under its own name where that is free.

    It is compiled from the very bytes whose digest is kept, and not from what Python may have compiled before.
    """
    try:
        content = files.content(file)
    except OSError as error:
        raise OriginError(f"cannot read {file} (of '{text}'): {error.strerror}; check the path") from error
    facts = {"file": str(home_of(file)), "sha256": sha256(content).hexdigest()}
    name = _module_name(file, facts["sha256"])
    loader = SourceFileLoader(name, str(file.resolve()))
    spec = importlib.util.spec_from_file_location(name, loader=loader)
    assert spec is not None  # the loader knows its file
    module = importlib.util.module_from_spec(spec)
    with on_path(file.parent), failures(text, "cannot be imported"):
        sys.modules[name] = module
        try:
            exec(loader.source_to_code(content, loader.path), vars(module))  # noqa: S102 - what the user named
        except BaseException:
            sys.modules.pop(name, None)
            raise
    return module, facts


def _module_name(file: Path, digest: str) -> str:
    """The file's own name where no other module has it, so that neighbours which import it get the same module."""
    name = file.stem
    taken = name in sys.modules or not name.isidentifier() or _is_found_elsewhere(name, file)
    return f"{name}_{digest[:8]}".replace(".", "_") if taken else name


def _is_found_elsewhere(name: str, file: Path) -> bool:
    """Whether an import of the name gives another file."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin != str(file.resolve())


def _distributions_of(top: str) -> list[str]:
    """The installed distributions that have the module; to look through all takes a third of a second."""
    with suppress(importlib.metadata.PackageNotFoundError, ValueError):
        alike = importlib.metadata.distribution(top)
        if top in (alike.read_text("top_level.txt") or top).split():
            return [alike.name]
    return importlib.metadata.packages_distributions().get(top, [])


def package_of(module: ModuleType) -> dict[str, Any]:
    """The installed package that a module is of; where there is none, the module's file."""
    top = module.__name__.partition(".")[0]
    for name in _distributions_of(top):
        return {"package": name, "version": importlib.metadata.version(name)}
    file = getattr(module, "__file__", None)
    if file is None:
        return {"package": top, "version": None}
    return {"file": file, "sha256": sha256(Path(file).read_bytes()).hexdigest()}
