"""Race labels: what the optimizers of a race are called, by the least that tells their rows apart."""

from collections import Counter
from dataclasses import replace

from bench.plan.cell import Cell


def labels_of(cells: list[Cell], *, tuned: bool) -> list[str]:
    """The optimizer of each cell, with the settings that several rows of one optimizer differ in."""
    shown = [replace(cell, learning_rate=None) if tuned else cell for cell in cells]
    keys = [(cell.optimizer, cell.implementation, cell.schedule, cell.learning_rate) for cell in shown]
    several = Counter(name for name, *_ in dict.fromkeys(keys))
    return [_label(key) if several[key[0]] > 1 else key[0] for key in keys]


def _label(key: tuple[str, str, str, float | None]) -> str:
    name, implementation, schedule, rate = key
    parts = [name, implementation, schedule, *([] if rate is None else [f"{rate:g}"])]
    return " ".join(part for part in parts if part not in ("default", "constant"))
