"""Quotients: rows of a frame that set a metric of one cell over that of another of the same run and machine."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.stats.ratio import ratio

Row = Mapping[Hashable, Any]


def alike(row: Row, without: Collection[str]) -> tuple[Any, ...]:
    """The machine and the fields of the cell, but for those `without`; what a row does not say is None."""
    names = ("machine", *(field.name for field in fields(Cell) if field.name not in without))
    return tuple(None if pd.isna(row[name]) else row[name] for name in names)


def quotient(metric: str, row: Row, beside: Row, times: float = 1.0) -> Row:
    """A row of `metric`: what `row` has over so many `times` what `beside` has, with its 95 % interval."""
    by = ratio(interval_of(row), interval_of(beside))
    low, high = (None if end is None else end / times for end in (by.low, by.high))
    kind = METRICS[metric]
    return {
        **row,
        "metric": metric,
        "unit": kind.unit,
        "direction": kind.direction,
        "value": by.value / times,
        "low": low,
        "high": high,
        "n": by.n,
        "median": None,
        "samples": 0,
        "left_out": 0,
        "contended": bool(row["contended"]) or bool(beside["contended"]),
    }


def with_quotients(
    table: pd.DataFrame, field: str, usual: Any, over: Callable[[Any], bool], metrics: Mapping[str, str]
) -> pd.DataFrame:
    """A frame with rows more for what cells take over what the cell does that differs from them in one field alone.

    Args:
        table: as of `bench.store.frame.frame_of`.
        field: of Cell.
        usual: its value in the cell that is the denominator.
        over: whether a value is one of a numerator; of a foreign cell it is not a number.
        metrics: by metric, that of its quotient.

    """
    if not table[field].map(over).any():
        return table
    rows = table[table["metric"].isin(metrics)].to_dict("records")
    below = {(row["metric"], alike(row, (field,))): row for row in rows if row[field] == usual}
    more = [
        quotient(metrics[str(row["metric"])], row, beside)
        for row in rows
        if over(row[field]) and (beside := below.get((row["metric"], alike(row, (field,))))) is not None
    ]
    return with_rows(table, more)


def with_rows(table: pd.DataFrame, rows: Sequence[Row]) -> pd.DataFrame:
    """The frame with these rows after all others."""
    if not rows:
        return table
    added = pd.DataFrame(rows, columns=table.columns).astype(table.dtypes.to_dict())
    return pd.concat([table, added], ignore_index=True)


def interval_of(row: Row) -> Interval:
    """The value of a row with its interval, where it has one."""
    ends = [None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high")]
    return Interval(float(row["value"]), ends[0], ends[1], int(row["n"]))
