"""Loading, in a sentence of the page: what each way of loading costs a step beside resident images."""

from bench.report.order import Sentence
from bench.report.record import Record, Row
from bench.report.units import quantity
from bench.store.loading import in_words

_MOST = 12


def loading(record: Record) -> Sentence | None:
    """How many times as long as a resident one each loaded step takes; None where nothing is loaded."""
    rows = sorted(record.having("loading_time", "fetch"), key=lambda row: row.values["loading_time"].value)
    if not rows:
        return None
    least, most = rows[0], rows[-1]
    claim = f"Fetched by {most.label}, a step takes {_times(most)}."
    if most is not least:
        claim = f"{claim[:-1]}; by {least.label}, {_times(least)}."
    shown = "; ".join(f"{row.label}: {_times(row)}, fetch {_fetch(row)}" for row in rows[:_MOST])
    return Sentence("Loading", claim, f"{shown}. With the fetch, beside the same configuration that is resident.")


def _times(row: Row) -> str:
    value = row.values["loading_time"]
    return in_words(value.value, value.low, value.high, contended=value.contended)


def _fetch(row: Row) -> str:
    return quantity("fetch", "s", row.values["fetch"].value)
