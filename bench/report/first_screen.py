"""The first screen: what was compared and what came out, in a sentence, a picture and a short table."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.plan.grid import AXES
from bench.report.order import Sentence
from bench.report.plotting import Picture
from bench.report.rank import leaders
from bench.report.record import Record, Row
from bench.report.table import Column
from bench.report.tradeoffs import front
from bench.text import plural

MOST_ROWS, _MOST_COLUMNS, _MOST_CLAIMS = 8, 4, 3
_COLUMNS = ("relative_cost", "accuracy", "step", "call", "peak_memory", "parameters", "throughput")
_PICTURES = ("choose-relative-cost", "speed-cost", "speed-throughput")  # the first that there is


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """What stands on it.

    Attributes:
        compared: what all configurations share, in words.
        claims: the first conclusions.
        picture: accuracy against cost, or the costs alone where nothing was trained; None without either.
        columns: of the short table.
        rows: of the short table, in the order of the table.

    """

    compared: str
    claims: Sequence[Sentence]
    picture: Picture | None
    columns: Sequence[Column]
    rows: Sequence[Row]


def first_screen(
    record: Record, claims: Sequence[Sentence], pictures: Sequence[Picture], columns: Sequence[Column]
) -> FirstScreen:
    """The first screen of a run's page, made of what the page has anyway."""
    named = {picture.name: picture for picture in pictures}
    picture = next((named[name] for name in _PICTURES if name in named), None)
    known = {column.metric: column for column in columns}
    short = [known[name] for name in _COLUMNS if name in known][:_MOST_COLUMNS]
    return FirstScreen(shared(record), claims[:_MOST_CLAIMS], picture, short, chosen(record))


def shared(record: Record) -> str:
    """What is compared, and what all its cells have in common: 7 configurations, all with sgd, mnist, batch 64."""
    cells = [cell for row in record.rows for cell in row.cells if not cell.is_foreign]
    what = plural(len(record.rows), "configuration")
    if not cells:
        return what
    fixed = {axis: {getattr(cell, axis) for cell in cells} for axis in AXES}
    common = {axis: values.pop() for axis, values in fixed.items() if len(values) == 1}
    words = {
        "architecture": "{}", "optimizer": "{}", "dataset": "{}", "batch_size": "batch {}", "device": "{}",
        "threads": "{} threads", "dtype": "{}",
    }  # fmt: skip
    parts = [form.format(common[axis]) for axis, form in words.items() if axis in common]
    return f"{what}, each with {', '.join(parts)}".replace(" 1 threads", " 1 thread") if parts else what


def chosen(record: Record) -> list[Row]:
    """The rows of the short table: those that lead in cost or accuracy or lie between, then the cheapest others."""
    costed = record.having("relative_cost")
    judged = record.judged("relative_cost")
    first = front(judged, "relative_cost") + leaders(record.judged(), "accuracy") + costed
    rest = [row for row in record.rows if row.status == "ok" and row.values]
    keys = [*dict.fromkeys(row.key for row in [*first, *rest])][:MOST_ROWS]
    return [row for row in record.rows if row.key in keys]
