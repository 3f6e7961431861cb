"""Table data: the numbers behind what the table prints, which the page's script sorts, compares and copies."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from bench.metrics import METRICS
from bench.report.rank import Rank
from bench.report.record import Record, Row, Value
from bench.report.table import Column, kin
from bench.report.units import state

Listed = Mapping[str, Sequence[float | str | None]]
# Of each number: what the script finds under which name, and null where a number has no such thing.
_NUMBERS: Mapping[str, Callable[[Value], float | str | None]] = {
    "value": lambda value: _exact(value.value),
    "low": lambda value: _exact(value.low),
    "high": lambda value: _exact(value.high),
    "n": lambda value: value.n,
    "contended": lambda value: "" if value.contended else None,
    "bracket": lambda value: "" if value.before else None,
    "exact": lambda value: "" if value.statistic == "exact" else None,
}


def table_data(record: Record, columns: Sequence[Column], ranks: Mapping[str, Rank]) -> dict[str, Any]:
    """By column what each row has, in the order of the rows, and the words by which the filter finds each row."""
    numbers = {column.metric: _known(_numbers(record, column.metric)) for column in columns}
    return {"words": [_words(row) for row in record.rows], "columns": {**numbers, "rank": _ranks(record, ranks)}}


def _numbers(record: Record, metric: str) -> Listed:
    values = [row.values.get(metric) for row in record.rows]
    groups = kin(record, metric) if metric in METRICS else {}
    return {
        "group": [groups.get(row.key) or None for row in record.rows],
        **{name: [None if value is None else of(value) for value in values] for name, of in _NUMBERS.items()},
    }


def _ranks(record: Record, ranks: Mapping[str, Rank]) -> Listed:
    """Sorted by rank, a row stands where its own value puts it among those it compares with."""
    places = {row.key: at for at, row in enumerate(record.having("relative_cost")) if row.key in ranks}
    ranked = [ranks.get(row.key) for row in record.rows]
    return {
        "value": [places.get(row.key) for row in record.rows],
        "low": [None if rank is None else rank.best for rank in ranked],
        "high": [None if rank is None else rank.worst for rank in ranked],
    }


def _known(lists: Listed) -> Listed:
    """Without what no row has."""
    return {name: values for name, values in lists.items() if any(value is not None for value in values)}


def _exact(value: float | None) -> float | None:
    """Digits enough to compare and to compute with; null where it is not finite."""
    return None if value is None or not isfinite(value) else float(f"{value:.9g}")


def _words(row: Row) -> str:
    settings = [str(value) for value in row.cell.values() if value is not None]
    return " ".join([row.label, row.standing, state(row.standing), str(row.begun or ""), *settings]).lower()
