"""The pandas frame of a run: one row per cell and metric, the visits of a cell pooled with their interval."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from statistics import median
from typing import Any

import pandas as pd

from bench.plan.cell import Cell
from bench.stats.interval import Interval, of_means, of_ratios
from bench.store.run import Run

COLUMNS = ("metric", "unit", "direction", "statistic", "threads_used", "value", "low", "high", "n", "median", "samples")


def frame(run: Run) -> pd.DataFrame:
    """One row per cell and metric of `run`.

    Columns: `id` and every field of Cell; `status` and `reason` of the cell as a whole; `metric`, `unit`, `direction`,
    `statistic`; `threads_used`; `value` with `low` and `high` (95 % over the visits, absent from a single one); `n`,
    the number of visits (fresh processes); `median` of the samples and their number `samples`, where there are any.
    A cell without any metric (skipped, failed) has one row whose metric is absent.
    """
    columns = ["id", *(field.name for field in fields(Cell)), "status", "reason", *COLUMNS]
    return pd.DataFrame([row for lines in visits_of(run).values() for row in _rows(lines)], columns=columns)


def visits_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The lines of each cell by its id, without samples; of two lines of one generation the later one counts."""
    visits: dict[str, dict[int, dict[str, Any]]] = {}
    for line in run.lines():
        visits.setdefault(line["id"], {})[line["generation"]] = _light(line)
    return {cell: list(lines.values()) for cell, lines in visits.items()}


def status_of(statuses: Iterable[str]) -> str:
    """The status of a cell from those of its visits: the first that is not ok, else ok."""
    return next((status for status in statuses if status != "ok"), "ok")


def _light(line: dict[str, Any]) -> dict[str, Any]:
    """The line without its samples and its system, so that thousands of lines fit in memory."""
    for measurement in line["measurements"]:
        measurement.pop("samples", None)
    return {key: line[key] for key in ("id", "cell", "status", "reason", "measurements")}


def _rows(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = lines[0]
    status = status_of(line["status"] for line in lines)
    reason = next((line["reason"] for line in lines if line["reason"]), None)
    base = {"id": first["id"], **first["cell"], "status": status, "reason": reason}
    taken: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        for measurement in line["measurements"]:
            if measurement["value"] is not None:
                taken.setdefault(measurement["metric"], []).append(measurement)
    if not taken:
        return [{**base, **dict.fromkeys(COLUMNS)}]
    return [{**base, **_pooled(metric, measurements)} for metric, measurements in taken.items()]


def _pooled(metric: str, measurements: list[dict[str, Any]]) -> dict[str, Any]:
    """One metric of one cell over its visits."""
    first = measurements[0]
    interval = _interval([measurement["value"] for measurement in measurements], first)
    medians = [one["summary"]["median"] for one in measurements if "summary" in one]
    return {
        "metric": metric,
        "unit": first["unit"],
        "direction": first["direction"],
        "statistic": first["statistic"],
        "threads_used": first["threads"],
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        "median": median(medians) if medians else None,
        "samples": sum(one.get("n", 0) for one in measurements),
    }


def _interval(values: list[float], measurement: Mapping[str, Any]) -> Interval:
    """Times, rates and ratios are pooled on the log scale, shares and counts as they are, exact ones not at all."""
    if measurement["statistic"] == "exact" or len(values) == 1:
        return Interval(values[0], None, None, len(values))
    if measurement["unit"] != "1" or measurement["metric"].startswith("relative"):
        return of_ratios(values) if min(values) > 0 else of_means(values)
    return of_means(values)
