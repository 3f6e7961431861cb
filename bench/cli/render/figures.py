"""Figures: the numbers of one metric, a row each, in one unit that its title names."""

import math
from collections.abc import Mapping, Sequence

from bench.cli.render.best import Measured, number_in
from bench.metrics import Metric, symbol_of
from bench.stats.interval import Interval
from bench.text import PERCENT, TIMES, Scale, either_way, figure, number, plus_minus, quantity, scale_of, tells_nothing

MARK = "!"  # at a number whose every process a neighbour disturbed
_NONE = "-"


def figures(
    metric: Metric, rows: Sequence[Measured | None], beside: Sequence[Mapping[str, Measured]]
) -> tuple[list[str], Scale]:
    """The text of each row, and the unit of all; `beside` are the metrics of each row by name."""
    key = "median" if metric.name == "step_median" else "value"
    values = [number_in(row, key) if row else None for row in rows]
    scale = scale_of(symbol_of(metric.name, metric.unit), [value for value in values if value is not None])
    if metric.to_target:
        return [_to_target(metric, measured) for measured in beside], Scale(1.0, "")
    return [_figure(metric, row, value, scale) for row, value in zip(rows, values, strict=True)], scale


def title_of(metric: Metric, scale: Scale) -> str:
    """What stands above the column: its name and unit."""
    title = metric.terminal or metric.words
    if "FLOPs" in title and scale.unit:
        return title.replace("FLOPs", f"{scale.unit}s")
    return title if scale.unit in ("", TIMES, title) else f"{title} {scale.unit}"


def _figure(metric: Metric, row: Measured | None, value: float | None, scale: Scale) -> str:
    if row is None or value is None:
        return _NONE
    low, high = number_in(row, "low"), number_in(row, "high")
    half = None if low is None or high is None else (high - low) / 2
    if metric.kind == "ratio":
        text = _relative(row, half)
    elif metric.kind == "share" and half is not None:
        wide = tells_nothing(PERCENT, half)
        text = figure(value, scale, None if wide else half)
        text += f" ({_no_interval()})" if wide else f" {plus_minus(half * scale.factor, text)}"
    elif metric.bounded and half is not None:
        text = f"{figure(value, scale)} {_either_way(row)}"
    else:
        text = figure(value, scale)
    lost = f" ({row['n']}/{row['seeds']})" if metric.once_a_seed and row["seeds"] > row["n"] else ""
    return text + lost + MARK * bool(row.get("contended"))


def _no_interval() -> str:
    return "too noisy"


def _relative(row: Measured, half: float | None) -> str:
    """A relative cost with the half-width of its interval as a share or a factor, where there is one."""
    if half is None:
        return number(row["value"])
    return f"{number(row['value'], half)} {_either_way(row)}"


def _either_way(row: Measured) -> str:
    """The half-width of the row's interval."""
    share = Interval(row["value"], row["low"], row["high"], row["n"]).half_width
    return f"({_no_interval()})" if share is None or not math.isfinite(share) else either_way(share)


def _to_target(metric: Metric, measured: Mapping[str, Measured]) -> str:
    """What it took to reach the target, or how many seeds reached it if not all did."""
    if "reached" not in measured:
        return _NONE
    seeds, share = int(measured["reached"]["n"]), measured["reached"]["value"]
    if share < 1 or metric.name not in measured:
        return f"{round(share * seeds)} of {seeds} reach it"
    row = measured[metric.name]
    text = quantity(row["value"], metric.symbol)
    if number_in(row, "low") is not None:
        width = Interval(row["value"], row["low"], row["high"], row["n"]).half_width
        text += f" {either_way(width)}" if width is not None else ""
    return text + MARK * bool(row.get("contended"))
