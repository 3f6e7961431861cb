"""Handed over: the objects of a caller's program that this worker was given, by the text that stands for each."""

from collections.abc import Mapping
from typing import Any

from bench.errors import BenchError
from bench.plan.task import HandedObject

_objects: dict[str, HandedObject] = {}


def take(objects: Mapping[str, HandedObject]) -> None:
    """Keep the objects for this process."""
    _objects.update(objects)


def handed_over(text: str) -> tuple[Any, dict[str, str]]:
    """The object that a text stands for, and which code it is.

    Raises:
        BenchError: no program handed it to this process: only the text was read, in a file of results or a flag.
        Exception: of any kind, as it cannot be made again.

    """
    if text not in _objects:
        raise BenchError(f"'{text}' was an object of a Python program: run that program again, which hands it over")
    from bench.plan.by_value import unpickled  # noqa: PLC0415 - few need cloudpickle

    handed = _objects[text]
    return unpickled(handed.value), dict(handed.facts)
