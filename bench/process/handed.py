"""Handed over: classes and functions of the caller's program in place of a plan's texts, and a way to its workers."""

import re
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.plan.grid import NAMED_AXES
from bench.plan.handed import MAIN, label_of, name_of, written_in
from bench.plan.origin import HANDED
from bench.plan.task import HandedObject, HandedTask
from bench.process import entries
from bench.process.executor import Executor, Running


def texts_for(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, HandedObject]]:
    """The fields of a plan with a text for each class or function among their values, and those that go by value.

    Raises:
        BenchError: one of them holds what cannot be sent to another process.

    """
    objects: dict[str, HandedObject] = {}
    plain = dict(fields)
    for name in NAMED_AXES:
        if name in fields:
            values = fields[name] if isinstance(fields[name], list | tuple) else [fields[name]]
            plain[name] = [_text(name, value, objects) if callable(value) else value for value in values]
    return plain, objects


class Handing:
    """An executor whose workers are given these objects before each task.

    Args:
        executor: starts them.
        objects: by the text that stands for each.

    """

    def __init__(self, executor: Executor, objects: Mapping[str, HandedObject]) -> None:
        self._executor, self._objects = executor, objects
        self.slots, self.nodes = executor.slots, executor.nodes

    def prepare(self) -> None:
        """As of `Executor`."""
        self._executor.prepare()

    def start(self, entry: str, task: Any) -> Running:
        """As of `TaskStarter`."""
        path = tuple(str(Path(folder).resolve()) for folder in sys.path)  # "" is the working directory
        return self._executor.start(entries.HANDED, HandedTask(self._objects, entry, task, path))

    def renew(self) -> None:
        """As of `Executor`."""
        self._executor.renew()

    def close(self) -> None:
        """As of `Executor`."""
        self._executor.close()


def spelled(value: Any) -> str:
    """How a value reads in the call that it was given in: an object by its name."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spelled, value))}]"
    return label_of(value) if callable(value) else repr(value)


def _text(field: str, thing: object, objects: dict[str, HandedObject]) -> str:
    """The text that names an object; where it has none, one that stands for it among the `objects`."""
    if getattr(thing, "__module__", MAIN) != MAIN and (text := name_of(thing)):
        folder = f"{Path.cwd()}/"
        return text.removeprefix(folder)
    label = label_of(thing)
    try:
        from bench.plan.by_value import pickled  # noqa: PLC0415 - few need cloudpickle

        value = pickled(thing)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BenchError(
            f"bench.run: {label} of '{field}' cannot be sent to a fresh process ({reason}): give a class or function "
            "that makes what it needs when it is called"
        ) from error
    name = re.sub(r"\W", "", label.rpartition(".")[2]) or "object"
    handed = HandedObject(value, {"pickle": sha256(value).hexdigest(), **written_in(thing)})
    texts = (f"{HANDED}:{name}#{digest[:8]}" for digest in (_lasting(value), handed.facts["pickle"]))
    text = next(text for text in texts if objects.get(text, handed).value == value)
    objects[text] = handed
    return text


def _lasting(value: bytes) -> str:
    """A digest that is the same when the same program runs again: without what cloudpickle draws for each class."""
    return sha256(re.sub(rb"[0-9a-f]{32}", b"", value)).hexdigest()
