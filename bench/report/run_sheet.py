"""Run sheet: the table of a run's page for other programs."""

from collections.abc import Mapping
from typing import Any

from bench.report.record import Record, Row
from bench.report.sheet import Sheet
from bench.report.table import Column, Entry, columns, entries


def sheet(record: Record) -> Sheet:
    """A row a configuration: as text the columns that start visible on the page, as plain data all of them."""
    known = [(column, entries(record, column)) for column in columns(record)]
    shown = [(column, texts) for column, texts in known if column.shown]
    texts = [
        {"Configuration": row.label, **{_heading(column): _text(texts.get(row.key)) for column, texts in shown}}
        for row in record.rows
    ]
    return Sheet(texts, [_values(record, row) for row in record.rows])


def _heading(column: Column) -> str:
    return f"{column.heading} ({column.unit})" if column.unit else column.heading


def _text(entry: Entry | None) -> str:
    """A number with its interval; a dash where there is none."""
    return " ".join(filter(None, (entry.text, entry.plus))) if entry else "-"


def _values(record: Record, row: Row) -> Mapping[str, Any]:
    known: dict[str, Any] = {
        "configuration": row.label,
        "id": row.cells[0].configuration.id,
        "machine": record.machines.get(row.machine),
        "status": row.status,
        "reason": row.why,
    }
    for metric, value in row.values.items():
        known |= {metric: value.value, f"{metric}_low": value.low, f"{metric}_high": value.high, f"{metric}_n": value.n}
    return known
