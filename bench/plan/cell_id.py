"""Cell id: from the id of a cell, as it is printed, back to the cell."""

import re
from collections.abc import Container, Iterable
from dataclasses import replace
from string import ascii_lowercase
from typing import Any

from bench.plan.catalogue import FIRST_LOSSES
from bench.plan.cell import Cell
from bench.plan.loader import PATTERN
from bench.plan.plan import (
    AUGMENTATIONS,
    DENORMALS,
    DTYPES,
    IMPLEMENTATIONS,
    INITIALIZATIONS,
    MEMORY_FORMATS,
    SCHEDULES,
    SPLITS,
    TEST_AUGMENTATIONS,
)
from bench.vocabulary import ENGINES, FP32_PRECISIONS, MODES


def _one_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


_AUGMENTED = {text.replace("+", "_"): text for text in AUGMENTATIONS}
# A word of an open set, of those that may be registered: neither a number with its name, nor a word of another field.
_OTHERS = _one_of((*SCHEDULES, *_AUGMENTED, *SPLITS, "swa"))
_WORD = (
    rf"(?!(?:lr|seed|world|accumulate|ema|clip)\d)(?!(?:engine|tta|init)_)"
    rf"(?!(?:{_OTHERS}|{PATTERN})(?:-|\Z))[a-z]\w*"
)
# Of no optimizer and no data set that is registered has the name a hyphen; that of an architecture may have some.
_FIRST = (
    r"(?P<architecture>.+)-(?P<optimizer>[^-]+)-(?P<dataset>[^-]+)"
    r"-b(?P<batch_size>\d+)-(?P<device>[a-z]+\d*)-t(?P<threads>\d+)"
)
_NUMBER = r"\d[\d.]*(?:e-?\d+)?"
_MORE = {  # in the order of the fields, each where it is not at its default
    "dtype": _one_of(DTYPES),
    "fp32_precision": _one_of(FP32_PRECISIONS),
    "denormals": _one_of(DENORMALS),
    "memory_format": _one_of(MEMORY_FORMATS),
    "mode": _one_of(MODES),
    "implementation": _one_of(IMPLEMENTATIONS),
    "loss": _WORD,
    "learning_rate": rf"lr{_NUMBER}",
    "schedule": _one_of(SCHEDULES),
    "normalization": _WORD,
    "augmentation": _one_of(_AUGMENTED),
    "loader": PATTERN,
    "split": _one_of(SPLITS),
    "world_size": r"world\d+",
    "accumulate": r"accumulate\d+",
    "engine": rf"engine_(?:{_one_of(ENGINES)})",
    "test_augmentation": rf"tta_(?:{_one_of(TEST_AUGMENTATIONS)})",
    "average": r"swa|ema0\.\d+",
    "clip_norm": rf"clip{_NUMBER}",
    "initialization": rf"init_(?:{_one_of(INITIALIZATIONS)})",
    "seed": r"seed\d+",
}
_ID = re.compile(_FIRST + "".join(rf"(?:-(?P<{name}>{pattern}))?" for name, pattern in _MORE.items()), re.S)


def cell_of_id(text: str, losses: Container[str] = FIRST_LOSSES) -> Cell | None:
    """The cell whose id the text is; None where it is the id of none.

    Args:
        text: such as "lenet5-sgd-mnist-b64-cpu-t1-seed3". Of what somebody's own file names, a label stands in it, so
            that the cell does not say which code it is.
        losses: the names of those there are: a word may be one, or a normalization.

    """
    match = _ID.fullmatch(text)
    if match is None:
        return None
    values = {name: _value(name, part) for name, part in match.groupdict().items() if part is not None}
    cell = Cell(**values)
    if cell.loss not in losses and "normalization" not in values:
        cell = replace(cell, loss=FIRST_LOSSES[0], normalization=cell.loss)
    return cell if cell.id == text else None


def _value(name: str, text: str) -> Any:
    """A part of an id as the value of its field."""
    if name in ("learning_rate", "clip_norm"):
        return float(text.removeprefix("lr").removeprefix("clip"))
    if name in ("engine", "test_augmentation", "initialization"):
        return text.partition("_")[2]
    if name == "augmentation":
        return _AUGMENTED[text]
    if name in ("batch_size", "threads", "world_size", "accumulate", "seed"):
        return int(text.lstrip(ascii_lowercase))
    return re.sub(r"(?<=[a-z])(?=\d)", ":", text) if name == "device" else text
