"""Step: how a step of the user's own is named, and how it crosses to a worker: by its name, else by value."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.plan.handed import label_of, text_of
from bench.plan.origin import parse
from bench.plan.task import HandedObject


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSource:
    """Where a worker gets a step from, or the function that sets it up.

    Attributes:
        label: what it is called in tables and errors.
        text: names it, as `bench.plan.origin.parse` reads it.
        handed: what the text stands for, where that goes by value.
        base: the folder that a relative file in `text` starts from.
        path: folders that its modules are imported from, beside those of the interpreter.
        shared: the repository whose modules it must not use but from below `base`, as both sides would; "" for none.

    """

    label: str
    text: str
    handed: Mapping[str, HandedObject] = field(default_factory=dict)
    base: str
    path: tuple[str, ...] = ()
    shared: str = ""


def source_of(step: object) -> StepSource:
    """How a callable crosses: by its module or file where a worker finds the same there, else by value.

    Raises:
        BenchError: it cannot be called, or holds what cannot be sent.

    """
    label = label_of(step)
    if not callable(step):
        raise BenchError(f"{label} is no step: give a function without arguments, or one that sets it up")
    handed: dict[str, HandedObject] = {}
    text = text_of(step, label, handed)
    path = tuple(str(Path(folder).resolve()) for folder in sys.path)  # "" is the working directory
    return StepSource(label=label, text=text, handed=handed, base=str(Path.cwd()), path=path)


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
