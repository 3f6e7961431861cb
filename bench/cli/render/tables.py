"""Tables: numbers as people read them, on a terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.plan.timing import LOOKS
from bench.stats.roofline import Bound, bounds, told
from bench.store.pytest_benchmark import METRICS as IMPORTED
from bench.store.seeds import over_seeds

Row = dict[str, str]

NAMES = {"p10": "10th percentile", "p25": "25th percentile", "median": "median"}
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


def si(value: float, unit: str, digits: int = 3) -> str:
    """A value with an SI prefix, such as 4.21 ms."""
    if not value:
        return f"0 {unit}".strip()
    scale, prefix = next(((s, p) for s, p in _PREFIXES if abs(value) >= s), _PREFIXES[-1])
    places = max(0, digits - 1 - math.floor(math.log10(abs(value / scale))))
    return f"{value / scale:.{places}f} {prefix}{unit}".strip()


def duration(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 3 min 20 s, 1 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def overview(table: pd.DataFrame, target: float | None = None, ceilings: Sequence[Mapping[str, Any]] = ()) -> list[Row]:
    """The main figures of a run's frame, a row a cell (or a setting, with its seeds pooled), fastest step first.

    A relative cost whose interval is wider than the `target` says so; without a target none does. With the run's
    `ceilings` there is a column that says what bounds the step.
    """
    rows = []
    walls = [
        metric for metric in IMPORTED if (table["metric"] == metric).any() and not (table["metric"] == "step").any()
    ]
    for _, cell in table.groupby("id", sort=False):
        found = {row["metric"]: row for _, row in cell.iterrows()}
        first = cell.iloc[0]
        step = found["step"]["value"] if "step" in found else math.inf
        imported = {title: si(found[title]["value"], "s") if title in found else "-" for title in walls}
        bound = {"bound by": _bound(bounds(cell, ceilings))} if ceilings else {}
        asked = {"time to accuracy": _to_target(found)} if "reached" in set(table["metric"]) else {}
        figures = {**imported, **_figures(found, target), **asked, **bound}
        rows.append((step, {"cell": first["id"], **figures, "status": first["status"]}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def legend(table: pd.DataFrame, until: float = 0.0) -> str:
    """What the columns of `overview` are: statistic, threads, n, and the accuracy at which training was to stop."""
    found = {metric: rows.iloc[0] for metric, rows in table.groupby("metric")}
    said = []
    if "step" in found:
        said.append(f"times: {NAMES[found['step']['statistic']]} of single steps{_threads(table, 'step')}")
        said.append("median: what a user experiences")
    if "relative_cost" in found:
        said.append(
            f"relative cost: {NAMES[found['relative_cost']['statistic']]}, seconds an image over those of the reference"
            f"{_threads(table, 'relative_cost')}, 95 % interval over fresh processes"
        )
    if "reached" in found:
        goal = f"{until:g}" if until else "the target"
        said.append(
            f"time to accuracy: training seconds at the first evaluation of {goal} or more, {LOOKS} of them an epoch, "
            "= mean seconds a step x steps"
        )
    if "accuracy" in found and found["accuracy"]["n"] > 1:
        said.append("± is the 95 % t interval over seeds")
    return "; ".join(said)


def _threads(table: pd.DataFrame, metric: str) -> str:
    """The thread counts a metric was taken with."""
    counts = sorted({int(count) for count in table.loc[table["metric"] == metric, "threads_used"].dropna()})
    return f", {' or '.join(map(str, counts))} thread{'s' if counts != [1] else ''}" if counts else ""


def _figures(found: dict[str, pd.Series], target: float | None) -> Row:
    """The columns of one cell; a metric it lacks is a dash."""
    columns = {
        "parameters": ("parameters", ""),
        "forward": ("forward", "s"),
        "backward": ("backward", "s"),
        "optimizer": ("optimizer", "s"),
        "step": ("step", "s"),
        "memory": ("peak_memory", "B"),
    }
    figures = {
        title: si(found[metric]["value"], unit) if metric in found else "-" for title, (metric, unit) in columns.items()
    }
    figures["median"] = si(found["step"]["median"], "s") if "step" in found else "-"
    figures["images/s"] = si(found["throughput"]["value"], "") if "throughput" in found else "-"
    figures["relative cost"] = _relative(found["relative_cost"], target) if "relative_cost" in found else "-"
    figures["accuracy"] = _accuracy(found["accuracy"]) if "accuracy" in found else "-"
    return figures


def _accuracy(row: pd.Series) -> str:
    """A test accuracy; over several seeds their mean with the half-width of its t interval, and how many are lost."""
    if row["seeds"] < 2:
        return f"{row['value']:.2%}"
    half = f" ±{(row['high'] - row['low']) / 2:.2%}" if row["n"] > 1 else ""
    return f"{row['value']:.2%}{half} ({over_seeds(row['n'], row['seeds'], row['lost'])})"


def _to_target(found: dict[str, pd.Series]) -> str:
    """Time to the target accuracy as seconds a step times steps; or how many seeds reached it, if not all did."""
    if "reached" not in found:
        return "-"
    reached, seeds, lost = found["reached"]["value"], int(found["reached"]["n"]), found["reached"]["lost"]
    if reached < 1 and seeds < 2:
        return "not reached"
    if reached < 1:
        return f"reached by {over_seeds(round(reached * seeds), seeds, lost)}"
    time, step, steps = (
        _spread(found[metric], unit)
        for metric, unit in (("time_to_accuracy", "s"), ("training_step", "s"), ("steps_to_accuracy", ""))
    )
    everyone = f", all {seeds} seeds" if seeds > 1 else ""
    return f"{time} = {step} x {steps}{everyone}"


def _spread(row: pd.Series, unit: str) -> str:
    """A value that is pooled on the log scale, with its relative half-width where there is an interval."""
    half = math.nan if pd.isna(row["low"]) else math.sqrt(row["high"] / row["low"]) - 1
    interval = "" if math.isnan(half) else f" ±{half:.1%}" if half <= 1 else " (too noisy)"
    return si(row["value"], unit) + interval


def _bound(bound: Bound | None) -> str:
    """What takes the largest share of the step, by the machine's ceilings."""
    return told(bound) if bound else "-"


def _relative(row: pd.Series, target: float | None) -> str:
    """The relative cost with the half-width of its interval, and whether that is as narrow as it was meant to be."""
    if pd.isna(row["low"]):
        return f"{row['value']:.2f} (one visit: no interval)"
    half = math.sqrt(row["high"] / row["low"]) - 1
    if half > 1:
        return f"{row['value']:.2f} ({row['low']:.2g} to {row['high']:.2g}: too noisy)"
    missed = f" (target {target:.0%} not met)" if target is not None and half > target else ""
    return f"{row['value']:.2f} ±{half:.1%}{missed}"


def print_table(rows: Sequence[Row]) -> None:
    """Print rows with aligned columns: numbers to the right, text to the left."""
    if rows:
        print(table_text(rows))


def table_text(rows: Sequence[Row]) -> str:
    """The same as lines, without a newline at the end; there must be a row."""
    titles = list(rows[0])
    columns = [[title, *(row[title] for row in rows)] for title in titles]
    aligned = [_aligned(column) for column in columns]
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*aligned, strict=True))


def _aligned(column: list[str]) -> list[str]:
    """A title and its cells in one width; a column of numbers and dashes stands to the right."""
    width = max(map(len, column))
    numeric = all(cell[:1].isdigit() or cell == "-" for cell in column[1:])
    return [cell.rjust(width) if numeric else cell.ljust(width) for cell in column]
