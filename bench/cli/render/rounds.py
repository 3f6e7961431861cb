"""Rounds: what the rounds of imported benchmarks took, a line a benchmark, those of one name under each other."""

from collections.abc import Iterable, Mapping
from typing import Any

from bench.cli.render.columns import Row, table_text
from bench.store.spread import COUNTS
from bench.text import quantity

# Columns in the order in which people read them; the median is the value itself.
_COLUMNS = ("min", "q1", "median", "q3", "max", "mean", "stddev", "iqr", *COUNTS)
Line = tuple[str, Mapping[str, Any]]  # a run's name and one of its stored lines


def rounds_text(lines: Iterable[Line]) -> str:
    """The table as lines; "" where nothing was imported. A column that no file fills is left out."""
    every = list(lines)
    several = len({run for run, _ in every}) > 1
    rows = [
        {"benchmark": line["id"], **({"run": run} if several else {}), **_figures(reading)}
        for run, line in every
        for reading in line["measurements"]
        if "spread" in reading
    ]
    if not rows:
        return ""
    places: dict[str, int] = {}
    for row in rows:
        places.setdefault(row["benchmark"], len(places))
    filled = [title for title in rows[0] if any(row[title] != "-" for row in rows)]
    ordered = sorted(rows, key=lambda row: places[row["benchmark"]])
    return table_text([{title: row[title] for title in filled} for row in ordered])


def _figures(reading: Mapping[str, Any]) -> Row:
    """The figures of one benchmark as text, a dash for each that its file does not say."""
    known = {**reading["spread"], "median": reading["value"]}
    shown = {name: f"{known[name]:,}" if name in COUNTS else quantity(known[name], "s") for name in known}
    return {"time of": reading["metric"], **{name: shown.get(name, "-") for name in _COLUMNS}}
