"""Compiling, in a sentence of the page: for which configurations it pays, and when."""

from collections.abc import Iterator

from bench.plan.compiled import as_torch_has_it, is_compiled
from bench.report.order import Sentence
from bench.report.record import Record, Row, Value
from bench.stats.interval import Interval
from bench.stats.payoff import Payoff, payoff
from bench.store.payoffs import in_words
from bench.text import joined

_MOST = 8


def compiling(record: Record) -> Sentence | None:
    """For which compiled rows it is certain that they pay, and what of the others; None where none is compiled."""
    rows = list(_paid(record))
    if not rows:
        return None
    paying = [row.label for row, paid, contended in rows if paid.pays == "yes" and not contended]
    whom = f"certainly pays for {joined(paying, most=4)}" if paying else "pays for none with certainty"
    shown = "; ".join(f"{row.label}: {in_words(paid, contended=contended)}" for row, paid, contended in rows[:_MOST])
    return Sentence("Compiling", f"Compiling {whom}.", f"{shown}. Beside the same configuration that compiles nothing.")


def _paid(record: Record) -> Iterator[tuple[Row, Payoff, bool]]:
    """Each compiled row, whether it pays by its numbers, and whether other work had a part in any of them."""
    timed = record.having("step")
    known = {(row.machine, row.cells[0].configuration): row for row in timed}
    for row in timed:
        cell = row.cells[0].configuration
        plain = known.get((row.machine, as_torch_has_it(cell)))
        if is_compiled(cell) and plain and "compile_time" in row.values:
            taken = (row.values["compile_time"], plain.values["step"], row.values["step"])
            yield row, payoff(*map(_interval, taken)), any(value.contended for value in taken)


def _interval(value: Value) -> Interval:
    return Interval(value.value, value.low, value.high, value.n)
