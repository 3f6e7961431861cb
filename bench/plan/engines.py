"""Engines: cells in which a trained net answers: the batches they are given, and what goes with no engine."""

from collections.abc import Mapping
from typing import Any

from bench.errors import BenchError
from bench.metrics import SERVED_AT
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan, flag
from bench.vocabulary import NO_ENGINE

# Fields of a cell that are about training steps, or that an engine decides by itself, and what they have to be.
_PLAIN: Mapping[str, tuple[Any, str]] = {
    "mode": ("eager", "modes"),
    "dtype": ("float32", "dtypes"),
    "fp32_precision": ("default", "fp32_precisions"),
    "memory_format": ("contiguous", "memory_formats"),
    "world_size": (1, "world_sizes"),
    "accumulate": (1, "accumulate"),
    "test_augmentation": ("none", "test_augmentations"),
}
_REFUSED = {
    "tune": "give --tune 0",
    "until": "give --until 0",
    "targets": "leave it out",
    "checkpoint": "leave it out",
    "train_limit": "give --train-limit 0, since the same weights take the same steps",
}


def check_engines(plan: Plan) -> None:
    """See that nothing is asked for that engines cannot tell, or would answer with other weights than each other by.

    Raises:
        BenchError: something is.

    """
    engines = [name for name in plan.engines if name != NO_ENGINE]
    for name, remedy in _REFUSED.items() if engines and plan.epochs else ():
        if getattr(plan, name):
            raise BenchError(
                f"{flag(name)} does not go with {flag('engines')} {engines[0]}, whose nets are trained for whole "
                f"epochs alone: {remedy}, or choose --engines {NO_ENGINE}"
            )
    if engines and not plan.blocks:
        raise BenchError(
            f"--blocks 0 trains alone, and {engines[0]} is timed: give 2 or more, or --engines {NO_ENGINE}"
        )
    if plan.goal and NO_ENGINE not in plan.engines:
        raise BenchError(f"--goal tests trainings, and engines tell of none: add --engines {NO_ENGINE}, or --goal 0")


def served_batches(cell: Cell) -> tuple[int, ...]:
    """How many images an engine is given at once, in turn: one first."""
    return tuple(size for size in SERVED_AT if size <= cell.batch_size)


def unfit_for_engine(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why the cell's engine cannot answer here, or None."""
    if cell.engine == NO_ENGINE:
        return None
    for name, (plain, option) in _PLAIN.items():
        if (value := getattr(cell, name)) != plain:
            return f"an engine takes a net as it is, not with {value} ({flag(option)} {plain})"
    if outputs := catalogue.architectures[cell.architecture].get("outputs", {}).get(cell.dataset):
        return f"'{cell.source('architecture')}' gives several outputs ({outputs}), and an engine answers with one"
    reason: str | None = catalogue.engines[cell.engine]["unsupported"].get(cell.device)
    return reason
