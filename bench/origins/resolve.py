"""Resolve: from the text of an origin to the object it names, and to what tells later which code that was."""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, reduce
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.errors import BenchError, nearest
from bench.origins.handed import handed_over
from bench.plan.origin import BASE, INSTALLED, Origin, file_of, parse

TRACEBACK = "BENCH_TRACEBACK"  # set where whoever started the command wants to see how an error came about


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

    def call(self, *arguments: Any, **named: Any) -> Any:
        """Call it with these arguments and those that the user gave, its folder on the module path.

        Raises:
            OriginError: it raised, or takes no such arguments.

        """
        own, own_named = self.origin.call_arguments()
        with on_path(folder_of(self.text)), failures(self.text, "cannot be called"):
            return self.target(*own, *arguments, **{**named, **own_named})


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
        with failures(text, "cannot be made again here"):
            target, facts = handed_over(text)
        return Resolved(text, origin, target, {"text": text, **facts})
    module, facts = _imported(text, origin)
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
def on_path(folder: Path) -> Iterator[None]:
    """The folder on the module path until the end of the block: before what is installed, after Python's own modules.

    So a neighbour `utils.py` of a user's file is the one it means, and a `random.py` there breaks nothing.
    """
    place = str(folder)
    at = next((at for at, path in enumerate(sys.path) if path.endswith(INSTALLED)), len(sys.path))
    sys.path.insert(at, place)
    try:
        yield
    finally:
        sys.path.remove(place)


@contextmanager
def failures(text: str, trouble: str) -> Iterator[None]:
    """Whatever is raised in the block becomes an OriginError, with the place in the user's own file."""
    try:
        yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        raise OriginError(f"'{text}' {trouble}: {type(error).__name__}: {reason}{_place(text, error)}") from error


def _place(text: str, error: BaseException) -> str:
    """Where in the user's own folder it was raised: " (my_nets.py, line 12)"."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    folder = str(folder_of(text).resolve())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(folder)]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


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
    return module, _package_of(module)


def _of_file(text: str, file: Path) -> tuple[ModuleType, dict[str, Any]]:
    """The module that the file holds, under its own name where that is free."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OriginError(f"cannot read {file} (of '{text}'): {error.strerror}; check the path") from error
    facts = {"file": str(file), "sha256": sha256(content).hexdigest()}
    name = _module_name(file, facts["sha256"])
    spec = importlib.util.spec_from_file_location(name, file.resolve())
    assert spec is not None
    assert spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with on_path(file.parent), failures(text, "cannot be imported"):
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
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


def _package_of(module: ModuleType) -> dict[str, Any]:
    """The installed package that a module is of; where there is none, the module's file."""
    top = module.__name__.partition(".")[0]
    for name in _distributions_of(top):
        return {"package": name, "version": importlib.metadata.version(name)}
    file = getattr(module, "__file__", None)
    if file is None:
        return {"package": top, "version": None}
    return {"file": file, "sha256": sha256(Path(file).read_bytes()).hexdigest()}
