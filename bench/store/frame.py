"""The pandas frame of a run: one row per cell and metric, the visits of a cell pooled with their interval."""

from collections.abc import Iterable
from dataclasses import fields
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from bench.plan.cell import Cell
from bench.stats.interval import half_widths
from bench.store.run import Run

COLUMNS = ("metric", "unit", "direction", "statistic", "threads_used", "value", "low", "high", "n", "median", "samples")

Line = dict[str, Any]


def frame(run: Run) -> pd.DataFrame:
    """One row per cell and metric of `run`.

    Columns: `id` and every field of Cell; `status` and `reason` of the cell as a whole; `metric`, `unit`, `direction`,
    `statistic`; `threads_used`; `value` with `low` and `high` (95 % over the visits, absent from a single one); `n`,
    the number of visits (fresh processes); `median` of the samples and their number `samples`, where there are any.
    A cell without any metric (skipped, failed) has one row whose metric is absent.
    """
    visits = list(visits_of(run).values())
    cells = pd.DataFrame(
        [_cell(lines) for lines in visits],
        columns=["id", *(field.name for field in fields(Cell)), "status", "reason"],
    )
    rows = [row for number, lines in enumerate(visits) for row in _metrics(number, lines)]
    metrics = pd.DataFrame(rows, columns=["cell", *COLUMNS[:5], "values", "median", "samples"])
    metrics = _pooled(metrics)
    return cells.join(metrics.set_index("cell"), how="left").reset_index(drop=True)[[*cells.columns, *COLUMNS]]


def visits_of(run: Run) -> dict[str, list[Line]]:
    """The lines of each cell by its id, without samples; of two lines of one generation the later one counts."""
    visits: dict[str, dict[int, Line]] = {}
    kept = ("id", "cell", "status", "reason", "measurements")
    for line in run.lines(samples=False):
        visits.setdefault(line["id"], {})[line["generation"]] = {key: line[key] for key in kept}
    return {cell: list(lines.values()) for cell, lines in visits.items()}


def status_of(statuses: Iterable[str]) -> str:
    """The status of a cell from those of its visits: the first that is not ok, else ok."""
    return next((status for status in statuses if status != "ok"), "ok")


def _cell(lines: list[Line]) -> Line:
    """What the visits of one cell say of it as a whole."""
    status = status_of(line["status"] for line in lines)
    reason = next((line["reason"] for line in lines if line["reason"]), None)
    return {"id": lines[0]["id"], **lines[0]["cell"], "status": status, "reason": reason}


def _metrics(number: int, lines: list[Line]) -> Iterable[tuple[Any, ...]]:
    """Each metric of one cell with its values over the visits; a value that was none is absent."""
    taken: dict[str, list[Line]] = {}
    for line in lines:
        for measurement in line["measurements"]:
            if measurement["value"] is not None:
                taken.setdefault(measurement["metric"], []).append(measurement)
    for metric, found in taken.items():
        first = found[0]
        medians = [one["summary"]["median"] for one in found if "summary" in one]
        yield (
            number,
            metric,
            first["unit"],
            first["direction"],
            first["statistic"],
            first["threads"],
            [one["value"] for one in found],
            median(medians) if medians else None,
            sum(one.get("n", 0) for one in found),
        )


def _pooled(metrics: pd.DataFrame) -> pd.DataFrame:
    """`values` made into value, low, high and n.

    Times, rates and ratios are pooled on the log scale, shares and counts as they are, exact readings not at all.
    """
    counts = metrics["values"].map(len).to_numpy(dtype=int)
    owner = np.repeat(np.arange(len(metrics)), counts)
    flat = np.array([value for values in metrics["values"] for value in values], dtype=float)
    exact = (metrics["statistic"] == "exact").to_numpy()
    ratio = (metrics["unit"] != "1").to_numpy() | metrics["metric"].str.startswith("relative").to_numpy(dtype=bool)
    least = np.full(len(metrics), np.inf)
    np.minimum.at(least, owner, flat)
    logs = ratio & ~exact & (least > 0)
    scaled = flat.copy()
    scaled[logs[owner]] = np.log(flat[logs[owner]])
    centre, half = half_widths(scaled, owner, counts)
    half[exact] = np.nan
    value, low, high = centre, centre - half, centre + half
    value, low, high = (np.where(logs, np.exp(np.where(logs, part, 0)), part) for part in (value, low, high))
    starts = np.cumsum(counts) - counts
    first = flat[starts] if len(flat) else flat
    single = exact | (counts == 1)  # as it was read, not as exp(log) would have it
    return metrics.drop(columns="values").assign(value=np.where(single, first, value), low=low, high=high, n=counts)
