"""Short names: the shortest by which cells are told apart, and in words what all of them share."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from bench.plan.cell import Cell
from bench.plan.loader import in_words
from bench.text import plural
from bench.vocabulary import NO_ENGINE

_UNSAID = ("architecture", "seed", "origins")  # the first begins each name, the others are told apart from it
_ALWAYS = 6  # fields that each id has, whether they are at their default or not
_COUNTED = {"threads": "thread", "world_size": "rank", "accumulate": "part"}
# What says too little by its own word.
_USUAL = {
    ("fp32_precision", "default"): "default fp32",
    ("engine", NO_ENGINE): "training",
}
_ADDED = {
    field.name: field.default
    for field in fields(Cell)
    if field.name in ("augmentation", "test_augmentation", "average", "clip_norm", "initialization")
}
BETWEEN = " \u00b7 "


def short_names(cells: Sequence[Cell]) -> list[str]:
    """For each cell its architecture and the fields in which the cells differ; the seed is no part of it."""
    names = _differing(cells)
    return [
        BETWEEN.join(
            [cell.architecture, *(part_of(name, getattr(cell, name)) for name in names if _is_said(cell, name))]
        )
        for cell in cells
    ]


def _is_said(cell: Cell, name: str) -> bool:
    """Whether a name says what the cell has there; of what it adds to a training, only where it adds it."""
    return not cell.is_foreign and not (name in _ADDED and getattr(cell, name) == _ADDED[name])


def shared(cells: Sequence[Cell]) -> list[str]:
    """In words each field that is the same in all cells: the first six, and others that are not at their default."""
    own = [cell for cell in cells if not cell.is_foreign]
    if not own:
        return []
    differing = {*_differing(cells), *_UNSAID}
    return [
        part_of(field.name, value)
        for place, field in enumerate(fields(Cell))
        if field.name not in differing and ((value := getattr(own[0], field.name)) != field.default or place < _ALWAYS)
    ]


def part_of(name: str, value: Any) -> str:
    """A field of a cell in words."""
    if name == "learning_rate":
        return "own rate" if value is None else f"rate {value:g}"
    if name in _COUNTED:
        return plural(value, _COUNTED[name])
    if name == "loader":
        return in_words(value)
    if name == "clip_norm":
        return f"clipped to {value:g}"
    worded = {
        "batch_size": f"batch {value}",
        "denormals": f"{value} denormals",
        "test_augmentation": f"tested with {value}",
        "initialization": f"{value} weights",
    }
    return _USUAL.get((name, value)) or worded.get(name, str(value))


def _differing(cells: Sequence[Cell]) -> list[str]:
    own = [cell for cell in cells if not cell.is_foreign]  # of the others the name is all there is
    known = [field.name for field in fields(Cell) if field.name not in _UNSAID]
    return [name for name in known if len({getattr(cell, name) for cell in own}) > 1]
