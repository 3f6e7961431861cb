"""Handed over: how an object of the caller's program crosses to a worker: by the text that names it, else by value."""

import inspect
import re
import sys
from collections.abc import Sequence
from functools import partial, reduce
from hashlib import sha256
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

from bench.errors import BenchError, reason_of
from bench.plan.origin import HANDED, INSTALLED, parse
from bench.plan.task import HandedObject

MAIN = "__main__"


def label_of(thing: object) -> str:
    """What it is called: its name without the function it was defined in, else its type's."""
    while isinstance(thing, partial):
        thing = thing.func
    return str(getattr(thing, "__qualname__", type(thing).__qualname__)).rpartition("<locals>.")[2]


def text_of(thing: object, called: str, objects: dict[str, HandedObject]) -> str:
    """The text that leads a worker to a thing: its name, or what stands for it among the `objects`.

    What is of a script that runs goes by value, so that no worker runs the script again.

    Args:
        thing: a class, a function, or another object that is called.
        called: what an error calls it.
        objects: those that go along by value, by their texts; one may be added.

    Raises:
        BenchError: it has no name, and holds what cannot be sent to another process.

    """
    if text := name_of(thing):
        return text.removeprefix(f"{Path.cwd()}/")
    try:
        from bench.plan.by_value import pickled  # noqa: PLC0415 - few need cloudpickle

        value = pickled(thing)
    except Exception as error:
        raise BenchError(
            f"{called} cannot be sent to a fresh process ({reason_of(error)}): give a class or function "
            "that makes what it needs when it is called"
        ) from error
    handed = HandedObject(value, {"pickle": sha256(value).hexdigest(), **written_in(thing)})
    name = re.sub(r"\W", "", label_of(thing).rpartition(".")[2]) or "object"
    texts = (f"{HANDED}:{name}#{digest[:8]}" for digest in (_lasting(value), handed.facts["pickle"]))
    text = next(text for text in texts if objects.get(text, handed).value == value)
    objects[text] = handed
    return text


def _lasting(value: bytes) -> str:
    """A digest that is the same when the same program runs again: without what cloudpickle draws for each class."""
    return sha256(re.sub(rb"[0-9a-f]{32}", b"", value)).hexdigest()


def name_of(thing: object) -> str:
    """The text that names a function or class in any process, `package.module:NAME` or `FILE.py:NAME`; "" for none."""
    if not isinstance(thing, type | FunctionType) or thing.__module__ == MAIN:
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
    """The `file` that it was written in with its `sha256`; empty where there is none, as of a notebook's cell.

    Of what a decorator wraps it is the file of what is wrapped, and of an object that is called that of its class.
    """
    while isinstance(thing, partial):
        thing = thing.func
    thing = inspect.unwrap(thing) if callable(thing) else thing
    code = thing if isinstance(thing, type | FunctionType | MethodType) else type(thing)
    try:
        file = Path(inspect.getsourcefile(code) or "")
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
    if "." in module.__name__ or hasattr(module, "__path__"):
        return False
    folders = Path(str(getattr(module, "__file__", None) or "")).parts
    return bool(folders) and not {*folders} & {*INSTALLED} and module.__name__ not in sys.stdlib_module_names
