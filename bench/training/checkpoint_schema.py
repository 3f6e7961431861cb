"""Checkpoint schema: each field of a stored checkpoint checked, and the digest that reveals damage."""

import hashlib
import re
import sys
from collections.abc import Callable, Container, Mapping
from dataclasses import fields
from pathlib import Path
from reprlib import repr as brief  # one short line, with whatever a terminal would obey escaped
from typing import Any

import torch

import architectures
from bench import data, losses, optimizers
from bench.devices import is_name
from bench.errors import BenchError
from bench.files import canonical
from bench.plan.cell import Cell
from bench.plan.loader import PATTERN
from bench.plan.origin import is_path, parse, texts_of
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
    average,
)
from bench.vocabulary import ENGINES, FP32_PRECISIONS, MODES

LONGEST_LABEL = 200  # an id is also the name of a folder
DAMAGE = (RuntimeError, ValueError, LookupError, TypeError, AttributeError)  # what strange contents raise

Check = Callable[[Any], bool]


def digest_of(stored: dict[str, Any]) -> str:
    """SHA-256 of all but the digest: what is plain as canonical JSON, then the tensors' names, types, shapes, bytes."""
    plain = {name: value for name, value in stored.items() if name not in ("digest", "weights")}
    weights: dict[str, torch.Tensor] = stored["weights"]
    for tensor in weights.values():
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ValueError("a tensor claims more values than it has")  # such as one that is repeated by strides of 0
    layout = [[name, str(tensor.dtype), list(tensor.shape)] for name, tensor in weights.items()]
    digest = hashlib.sha256(canonical([plain, layout]).encode())
    for tensor in weights.values():
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def is_intact(stored: dict[str, Any]) -> bool:
    """Whether the digest that is stored is that of the rest."""
    try:
        return bool(stored["digest"] == digest_of(stored))
    except DAMAGE:
        return False


def cell_of(stored: dict[str, Any]) -> Cell:
    """The cell; fields of a newer version are passed over.

    Raises:
        ValueError: a field is not one that `run` could have written.

    """
    _must(isinstance(stored["cell"], dict), "cell", stored["cell"])
    cell = Cell.from_dict(stored["cell"])
    origins = stored["cell"].get("origins", ())
    _must(_CELL["origins"](tuple(origins) if isinstance(origins, list) else origins), "origins", origins)
    named = texts_of(cell.origins)
    # a file of weights is no reason to run a file of code; images are only read, and optimizer and loss are not needed
    code = [named[field] for field in ("architecture", "dataset") if field in named and not _is_images(field, named)]
    if code:
        needed = brief(", ".join(code))
        raise BenchError(f"the checkpoint is of {needed}, and only what is registered is read back: load it yourself")
    for field in fields(Cell):
        value = getattr(cell, field.name)
        _must((_label if field.name in named else _CELL[field.name])(value), field.name, value)
    return cell


def _is_images(field: str, named: Mapping[str, str]) -> bool:
    """Whether what a field is named by are images on a disk."""
    return field == "dataset" and is_path(named[field])


def images_of(stored: dict[str, Any], cell: Cell, data_dir: Path | None = None) -> tuple[tuple[int, int, int], int]:
    """(C, H, W) of an image and the number of classes, which are those of the cell's data set, or a ValueError."""
    facts = data.facts_of(cell.source("dataset"), data_dir)
    for name in ("input_shape", "num_classes"):
        if stored[name] != facts[name]:
            raise ValueError(f"{name} is {brief(stored[name])}, and {facts[name]} in {cell.dataset}")
    channels, height, width = facts["input_shape"]
    return (channels, height, width), facts["num_classes"]


def entry_of(stored: dict[str, Any]) -> dict[str, Any]:
    """The entry of the learning record; keys of a newer version are passed over.

    Raises:
        ValueError: a value is not one that training could have given.

    """
    entry = stored["entry"]
    _must(isinstance(entry, dict), "entry", entry)
    for name, holds in _ENTRY.items():
        _must(holds(entry.get(name)), name, entry.get(name))
    return {name: entry[name] for name in _ENTRY}


def _must(holds: bool, name: str, value: Any) -> None:
    if not holds:
        raise ValueError(f"{name} cannot be {brief(value)}")


def _among(known: Container[str]) -> Check:
    return lambda value: isinstance(value, str) and value in known


def _whole(least: int) -> Check:
    return lambda value: type(value) is int and least <= value < 2**64


def _real(least: float = -sys.float_info.max, most: float = sys.float_info.max) -> Check:
    """A number within bounds: neither infinite nor not-a-number, for which every comparison is false."""
    return lambda value: type(value) in (int, float) and least <= value <= most


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _reads(reader: Callable[[str], str], text: str) -> bool:
    try:
        return reader(text) == text
    except ValueError:
        return False


def _label(value: Any) -> bool:
    """Whether it can be the name of what an origin named: one short line."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_LABEL and value.isprintable()


def _data_set(value: Any) -> bool:
    try:
        return isinstance(value, str) and parse(value) is None and bool(data.facts_of(value))
    except BenchError:
        return False


_CELL: dict[str, Check] = {
    "architecture": lambda value: isinstance(value, str) and value in architectures.names(),
    "optimizer": lambda value: isinstance(value, str) and value in optimizers.names(),
    "dataset": _data_set,
    "batch_size": _whole(1),
    "device": lambda value: isinstance(value, str) and is_name(value),
    "threads": _whole(1),
    "dtype": _among(DTYPES),
    "fp32_precision": _among(FP32_PRECISIONS),
    "denormals": _among(DENORMALS),
    "memory_format": _among(MEMORY_FORMATS),
    "mode": _among(MODES),
    "implementation": _among(IMPLEMENTATIONS),
    "loss": lambda value: isinstance(value, str) and value in losses.names(),
    "learning_rate": _or_none(_real(sys.float_info.min)),
    "schedule": _among(SCHEDULES),
    "normalization": _among(data.NORMALIZATIONS),
    "augmentation": _among(AUGMENTATIONS),
    "loader": lambda value: isinstance(value, str) and bool(re.fullmatch(PATTERN, value)),
    "split": _among(SPLITS),
    "world_size": _whole(1),
    "accumulate": _whole(1),
    "engine": _among(ENGINES),
    "test_augmentation": _among(TEST_AUGMENTATIONS),
    "average": lambda value: isinstance(value, str) and _reads(average, value),
    "clip_norm": _real(0),
    "initialization": _among(INITIALIZATIONS),
    "seed": _whole(0),
    "origins": lambda value: (
        isinstance(value, tuple) and all(isinstance(entry, str) and "=" in entry for entry in value)
    ),
}

_ENTRY: dict[str, Check] = {
    "epoch": _real(0),
    "steps": _whole(1),
    "seconds": _real(0),
    "train_loss": _real(),
    "train_accuracy": _or_none(_real(0, 1)),
    "test_loss": _real(),
    "test_accuracy": _real(0, 1),
}
