"""Rounds: the section with how much the rounds of each imported benchmark varied, one row a benchmark of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.metrics import row_of
from bench.report.record import Record
from bench.report.units import quantity
from bench.store.spread import COUNTS

# In the order in which people read them; the median is the value itself.
_HEADINGS = {
    "min": "Fastest",
    "q1": "First quartile",
    "median": "Median",
    "q3": "Third quartile",
    "max": "Slowest",
    "mean": "Mean",
    "stddev": "Standard deviation",
    "iqr": "IQR",
    "rounds": "Rounds",
    "iterations": "Iterations",
}


@dataclass(frozen=True, slots=True)
class Rounds:
    """The section: the headings of its columns, and for each benchmark its name, what was timed, and the figures."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


def rounds(record: Record) -> Rounds | None:
    """The section of an imported run; None of our own. A column that no benchmark fills is left out."""
    figures = [
        (result["id"], reading, {**reading["spread"], "median": reading["value"]})
        for result in record.results
        for reading in result["measurements"]
        if "spread" in reading
    ]
    if not figures:
        return None
    filled = [name for name in _HEADINGS if any(name in known for *_, known in figures)]
    return Rounds(
        tuple(_HEADINGS[name] for name in filled),
        tuple(
            (name, row_of(reading["metric"]).words, tuple(_text(column, reading, known) for column in filled))
            for name, reading, known in figures
        ),
    )


def _text(name: str, reading: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """One figure; a dash where the file does not say it."""
    if name not in known:
        return "-"
    return f"{known[name]:,}" if name in COUNTS else quantity(reading["metric"], "s", known[name])
