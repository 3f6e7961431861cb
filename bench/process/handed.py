"""Handed over: classes and functions of the caller's program in place of a plan's texts, and a way to its workers."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import BenchError, brief
from bench.plan.grid import NAMED_AXES
from bench.plan.handed import label_of, text_of
from bench.plan.task import HandedObject, HandedTask
from bench.process import entries
from bench.process.executor import Executor, Running


def texts_for(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, HandedObject]]:
    """The fields of a plan with a text for each class or function among their values, and those that go by value.

    Raises:
        BenchError: one of them is neither a name nor can be called, or holds what cannot be sent to another process.

    """
    objects: dict[str, HandedObject] = {}
    plain = dict(fields)
    for name in NAMED_AXES:
        if name in fields:
            values = fields[name] if isinstance(fields[name], list | tuple) else [fields[name]]
            plain[name] = [_text(name, value, objects) for value in values]
    return plain, objects


def with_objects(objects: Mapping[str, HandedObject], entry: str, task: Any) -> tuple[str, Any]:
    """An entry and its task, by which a worker is given these objects first."""
    if not objects:
        return entry, task
    path = tuple(str(Path(folder).resolve()) for folder in sys.path)  # "" is the working directory
    return entries.HANDED, HandedTask(objects, entry, task, path)


class Handing:
    """An executor whose workers are given these objects before each task.

    Args:
        executor: starts them.
        objects: by the text that stands for each.

    """

    def __init__(self, executor: Executor, objects: Mapping[str, HandedObject]) -> None:
        self._executor, self._objects = executor, objects
        self.slots, self.nodes, self.problems = executor.slots, executor.nodes, executor.problems

    def prepare(self) -> None:
        """As of `Executor`."""
        self._executor.prepare()

    def start(self, entry: str, task: Any) -> Running:
        """As of `TaskStarter`."""
        return self._executor.start(*with_objects(self._objects, entry, task))

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


def _text(field: str, value: object, objects: dict[str, HandedObject]) -> str:
    if isinstance(value, str):
        return value
    if not callable(value):
        raise BenchError(f"bench.run: key '{field}' takes names, classes and functions, not {brief(value)}")
    return text_of(value, f"bench.run: {label_of(value)} of '{field}'", objects)
