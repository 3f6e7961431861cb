"""Scaling: how efficient cells of several ranks are, beside the cell of one rank of the same run and machine."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bench.store.quotients import Row, alike, quotient, with_rows

WEAK, STRONG = "weak_efficiency", "strong_efficiency"
_APART = ("batch_size", "world_size")


def with_efficiencies(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with a row more for each efficiency that its throughputs tell, after all others.

    A cell of W ranks is weak scaling of the cell whose one rank has the W-th part of its batch, and strong scaling of
    the cell whose one rank has all of it. Its efficiency is its throughput over W times that of one rank, both on one
    class of machines.
    """
    if not (table["world_size"].fillna(1) > 1).any():
        return table
    rates = table[table["metric"] == "throughput"].to_dict("records")
    alone = {(row["batch_size"], alike(row, _APART)): row for row in rates if _ranks(row) == 1}
    return with_rows(table, [each for row in rates if _ranks(row) > 1 for each in _efficiencies(row, alone)])


def _ranks(row: Row) -> int:
    """How many ranks a cell has; 0 of a foreign one, which says nothing of them."""
    return 0 if pd.isna(row["world_size"]) else int(row["world_size"])


def _efficiencies(row: Row, alone: Mapping[tuple[float, tuple[Any, ...]], Row]) -> Iterator[Row]:
    ranks, size = _ranks(row), int(row["batch_size"])
    for metric, batch in ((WEAK, size / ranks), (STRONG, size)):
        if (beside := alone.get((batch, alike(row, _APART)))) is not None:
            yield quotient(metric, row, beside, ranks)
