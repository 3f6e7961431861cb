"""Tables: numbers as people read them, on a terminal."""

import math
from collections.abc import Sequence

import pandas as pd

Row = dict[str, str]

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


def overview(table: pd.DataFrame) -> list[Row]:
    """The main figures of a run's frame, a row a cell, fastest step first."""
    rows = []
    for _, cell in table.groupby("id", sort=False):
        found = {row["metric"]: row for _, row in cell.iterrows()}
        first = cell.iloc[0]
        step = found["step"]["value"] if "step" in found else math.inf
        rows.append((step, {"cell": first["id"], **_figures(found), "status": first["status"]}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _figures(found: dict[str, pd.Series]) -> Row:
    """The columns of one cell; a metric it lacks is a dash."""
    columns = {
        "parameters": ("parameters", ""),
        "forward": ("forward", "s"),
        "backward": ("backward", "s"),
        "optimizer": ("optimizer", "s"),
        "step": ("step", "s"),
        "images/s": ("throughput", ""),
        "memory": ("peak_memory", "B"),
    }
    figures = {
        title: si(found[metric]["value"], unit) if metric in found else "-" for title, (metric, unit) in columns.items()
    }
    figures["relative cost"] = _relative(found["relative_cost"]) if "relative_cost" in found else "-"
    figures["accuracy"] = f"{found['accuracy']['value']:.2%}" if "accuracy" in found else "-"
    return figures


def _relative(row: pd.Series) -> str:
    """The relative cost with the half-width of its interval."""
    if pd.isna(row["low"]):
        return f"{row['value']:.2f}"
    half = math.sqrt(row["high"] / row["low"]) - 1
    return f"{row['value']:.2f} ±{half:.1%}"


def print_table(rows: Sequence[Row]) -> None:
    """Print rows with aligned columns: numbers to the right, text to the left."""
    if not rows:
        return
    titles = list(rows[0])
    columns = [[title, *(row[title] for row in rows)] for title in titles]
    aligned = [_aligned(column) for column in columns]
    for cells in zip(*aligned, strict=True):
        print("  ".join(cells).rstrip())


def _aligned(column: list[str]) -> list[str]:
    """A title and its cells in one width; a column of numbers and dashes stands to the right."""
    width = max(map(len, column))
    numeric = all(cell[:1].isdigit() or cell == "-" for cell in column[1:])
    return [cell.rjust(width) if numeric else cell.ljust(width) for cell in column]
