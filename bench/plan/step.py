"""Step: how a step of the user's own is named, and how it crosses to a worker: by its name, else by value."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import BenchError
from bench.plan.handed import MAIN, label_of, name_of, written_in
from bench.plan.origin import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSource:
    """Where a worker gets a step from, or the function that sets it up.

    Attributes:
        label: what it is called in tables and errors.
        text: names it, as `bench.plan.origin.parse` reads it; "" where it goes by value.
        pickled: the value, by cloudpickle; it is never stored.
        facts: which code a value is: the `file` that it was written in with its `sha256`; empty where there is none.
        base: the folder that a relative file in `text` starts from.
        path: folders that its modules are imported from, beside those of the interpreter.
        shared: the repository whose modules it must not use but from below `base`, as both sides would; "" for none.

    """

    label: str
    text: str = ""
    pickled: bytes = b""
    facts: dict[str, str] = field(default_factory=dict)
    base: str
    path: tuple[str, ...] = ()
    shared: str = ""


def source_of(step: object) -> StepSource:
    """How a callable crosses: by its module or file where a worker finds the same there, else by value.

    What is of a script that runs goes by value, so that the script is not run again; by its file only where that
    cannot be, which asks the script to guard its main part.

    Raises:
        BenchError: it cannot be called, or holds what cannot be pickled.

    """
    label = label_of(step)
    if not callable(step):
        raise BenchError(f"{label} is no step: give a function without arguments, or one that sets it up")
    path = tuple(str(Path(folder).resolve()) for folder in sys.path)  # "" is the working directory
    source = StepSource(label=label, base=str(Path.cwd()), path=path)
    text = name_of(step)
    if text and step.__module__ != MAIN:
        return replace(source, text=text)
    try:
        from bench.plan.by_value import pickled  # noqa: PLC0415 - few need cloudpickle

        return replace(source, pickled=pickled(step), facts=written_in(step))
    except Exception as error:
        if text:
            return replace(source, text=text)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BenchError(
            f"{label} cannot be sent to a fresh process ({reason}): give a function that makes all of that when it is "
            "called"
        ) from error


def source_named(text: str, base: Path | None = None, path: Sequence[str] = (), shared: str = "") -> StepSource:
    """The step that a text names.

    Args:
        text: such as `my_train.py:make_step`, `package.module:step` or `my_train.py:make_step(width=64)`.
        base: what a relative file starts from; None for the working directory.
        path: see StepSource; the file's own folder and `base` are in it anyway.
        shared: see StepSource.

    Raises:
        BenchError: it names nothing that can be imported.

    """
    origin = parse(text)
    if origin is None:
        raise BenchError(f"--step takes FILE.py:NAME or package.module:NAME, not '{text}'")
    place = base or Path.cwd()
    folder = (place / origin.file).parent if origin.file else place
    own = dict.fromkeys([str(folder.resolve()), *path, str(place.resolve())])
    return StepSource(label=text, text=text, base=str(place), path=tuple(own), shared=shared)
