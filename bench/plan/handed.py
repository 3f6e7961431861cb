"""Handed over: how an object of the caller's program crosses to a worker: by the text that names it, else by value."""

import inspect
import sys
from collections.abc import Sequence
from functools import partial, reduce
from hashlib import sha256
from pathlib import Path
from types import FunctionType, ModuleType

from bench.errors import BenchError
from bench.plan.origin import INSTALLED, parse

MAIN = "__main__"


def label_of(thing: object) -> str:
    """What it is called: its name without the function it was defined in, else its type's."""
    while isinstance(thing, partial):
        thing = thing.func
    return str(getattr(thing, "__qualname__", type(thing).__qualname__)).rpartition("<locals>.")[2]


def name_of(thing: object) -> str:
    """The text that names a function or class in any process, `package.module:NAME` or `FILE.py:NAME`; "" for none.

    What is in the main module has a name too, which leads to the file and so runs it.
    """
    if not isinstance(thing, type | FunctionType):
        return ""
    module = sys.modules.get(thing.__module__)
    if module is None or _under(module, thing.__qualname__) is not thing:
        return ""
    if is_importable(module) and not _stands_alone(module):
        return f"{module.__name__}:{thing.__qualname__}"
    file = str(getattr(module, "__file__", None) or "")
    text = f"{Path(file).resolve()}:{thing.__qualname__}"
    try:
        return text if file.endswith(".py") and parse(text) else ""
    except BenchError:  # its path has a sign that no such text has
        return ""


def is_importable(module: ModuleType) -> bool:
    """Whether a fresh process that looks for the module's name finds this module."""
    path: Sequence[str] | None = None
    name, spec = "", None
    for part in module.__name__.split("."):
        name = f"{name}.{part}".lstrip(".")
        finders = (finder.find_spec(name, path) for finder in sys.meta_path)
        spec = next((spec for spec in finders if spec), None)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return spec is not None and spec.origin == getattr(module, "__file__", spec.origin) and spec.name != MAIN


def written_in(thing: object) -> dict[str, str]:
    """The `file` that it was written in with its `sha256`; empty where there is none, as of a notebook's cell."""
    while isinstance(thing, partial):
        thing = thing.func
    try:
        file = Path(inspect.getsourcefile(thing) or "")  # type: ignore[arg-type] # it says so itself
        return {"file": str(file), "sha256": sha256(file.read_bytes()).hexdigest()}
    except (TypeError, OSError):
        return {}


def _under(module: ModuleType, name: str) -> object:
    """What the module has under a dotted name."""
    try:
        return reduce(getattr, name.split("."), module)
    except AttributeError:
        return None


def _stands_alone(module: ModuleType) -> bool:
    """Whether it is a single file that nobody installed, such as one beside a script."""
    if module.__name__ == MAIN or "." in module.__name__ or hasattr(module, "__path__"):
        return False
    folders = Path(str(getattr(module, "__file__", None) or "")).parts
    return bool(folders) and not {*folders} & {*INSTALLED} and module.__name__ not in sys.stdlib_module_names
