"""Best: which rows of a column none is certainly better than, where others surely are worse."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.metrics import COMPARE_WITHIN, Metric

Measured = Mapping[Hashable, Any]  # the row of a metric in the pooled frame


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where the true value of a row may lie, with its sign turned where higher is better."""

    place: int
    low: float
    high: float


def best_rows(metric: Metric, rows: Sequence[Measured | None]) -> frozenset[int]:
    """The places of the rows that lead, in each group of rows that compare; none where intervals tell nothing apart."""
    if metric.direction == "none":
        return frozenset()
    alike: dict[Hashable, list[_Reach]] = {}
    for place, row in enumerate(rows):
        if row is not None and (reach := _reach(metric, row, place)):
            alike.setdefault(comparable(metric, row), []).append(reach)
    return frozenset(place for reaches in alike.values() for place in _leaders(reaches))


def comparable(metric: Metric, row: Measured) -> tuple[str, ...]:
    """What rows have to share before this metric of theirs compares."""
    used = number_in(row, "threads_used")
    known = row if used is None else {**row, "threads": int(used)}
    return tuple(str(known.get(name)) for name in COMPARE_WITHIN[metric.kind])


def number_in(row: Measured, name: str) -> float | None:
    """A number of the row; None where the frame has none there."""
    value = row[name]
    return None if value is None or value is pd.NA or value != value else float(value)  # noqa: PLR0124 - not-a-number


def _leaders(reaches: Sequence[_Reach]) -> list[int]:
    nearest = min(reach.high for reach in reaches)
    ahead = [reach.place for reach in reaches if reach.low <= nearest]
    return ahead if len(ahead) < len(reaches) else []


def _reach(metric: Metric, row: Measured, place: int) -> _Reach | None:
    exact = metric.kind == "exact"
    low, high = (number_in(row, name) for name in (("value", "value") if exact else ("low", "high")))
    if low is None or high is None or row.get("contended"):
        return None
    return _Reach(place, -high, -low) if metric.direction == "higher" else _Reach(place, low, high)
