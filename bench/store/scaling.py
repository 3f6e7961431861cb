"""Scaling: how efficient cells of several ranks are, beside the cell of one rank of the same run and machine."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.stats.ratio import ratio

WEAK, STRONG = "weak_efficiency", "strong_efficiency"
_ALIKE = tuple(field.name for field in fields(Cell) if field.name not in ("batch_size", "world_size"))

Row = Mapping[Hashable, Any]


def with_efficiencies(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with a row more for each efficiency that its throughputs tell, after all others.

    A cell of W ranks is weak scaling of the cell whose one rank has the W-th part of its batch, and strong scaling of
    the cell whose one rank has all of it. Its efficiency is its throughput over W times that of one rank, both on one
    class of machines.
    """
    if not (table["world_size"].fillna(1) > 1).any():
        return table
    rates = table[table["metric"] == "throughput"].to_dict("records")
    alone = {_key(row, row["batch_size"]): row for row in rates if _ranks(row) == 1}
    more = [each for row in rates if _ranks(row) > 1 for each in _efficiencies(row, alone)]
    if not more:
        return table
    added = pd.DataFrame(more, columns=table.columns).astype(table.dtypes.to_dict())
    return pd.concat([table, added], ignore_index=True)


def _ranks(row: Row) -> int:
    """How many ranks a cell has; 0 of a foreign one, which says nothing of them."""
    return 0 if pd.isna(row["world_size"]) else int(row["world_size"])


def _efficiencies(row: Row, alone: Mapping[tuple[Any, ...], Row]) -> Iterator[Row]:
    ranks, size = _ranks(row), int(row["batch_size"])
    for metric, batch in ((WEAK, size / ranks), (STRONG, size)):
        if (beside := alone.get(_key(row, batch))) is not None:
            yield _efficiency(metric, row, beside, ranks)


def _key(row: Row, batch_size: float) -> tuple[Any, ...]:
    """What has to be the same, as far as both say it: not-a-number equals nothing."""
    return (batch_size, *(None if pd.isna(row[name]) else row[name] for name in ("machine", *_ALIKE)))


def _efficiency(metric: str, row: Row, beside: Row, ranks: int) -> Row:
    by = ratio(_interval(row), _interval(beside))
    low, high = (None if end is None else end / ranks for end in (by.low, by.high))
    kind = METRICS[metric]
    return {
        **row,
        "metric": metric,
        "unit": kind.unit,
        "direction": kind.direction,
        "value": by.value / ranks,
        "low": low,
        "high": high,
        "n": by.n,
        "median": None,
        "samples": 0,
        "left_out": 0,
        "contended": bool(row["contended"]) or bool(beside["contended"]),
    }


def _interval(row: Row) -> Interval:
    ends = [None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high")]
    return Interval(float(row["value"]), ends[0], ends[1], int(row["n"]))
