"""Tables: the main figures of a run, on a terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.cli.render.columns import Row
from bench.metrics import METRICS, Metric, row_of
from bench.plan.grid import AXES
from bench.plan.reference import REFERENCE
from bench.plan.timing import EVALUATIONS_PER_EPOCH
from bench.stats.interval import Interval
from bench.stats.roofline import Bound, bounds, told
from bench.store.frame import by_machine
from bench.store.seeds import over_seeds
from bench.store.unfinished import Begun
from bench.text import (
    PERCENT,
    STATISTICS,
    either_way,
    is_endless,
    joined,
    number,
    percent,
    plural,
    quantity,
    whole,
    with_interval,
)

MARK = "!"  # at a number whose every process a neighbour disturbed


def overview(
    table: pd.DataFrame,
    target: float | None = None,
    ceilings: Sequence[Mapping[str, Any]] = (),
    begun: Mapping[tuple[str, str], Begun] | None = None,
) -> list[Row]:
    """The main figures of a run's configurations, a row each, fastest step first.

    A relative cost whose interval is wider than the `target` says so; without a target none does. With the run's
    `ceilings` there is a column that says what bounds the step. Of configurations that were `begun` and not ended, by
    id and machine, it says how much was measured.
    """
    rows, doubts = [], []
    columns = columns_of(set(table["metric"]), varying(table))
    several = table["machine"].nunique() > 1
    for name, machine, cell in by_machine(table):
        measured = {row["metric"]: row for _, row in cell.iterrows()}
        first = cell.iloc[0]
        step = measured["step"]["value"] if "step" in measured else math.inf
        figures = {column.terminal: _marked(column, measured, target) for column in columns}
        figures |= {"bound by": _bound(bounds(cell, ceilings))} if ceilings else {}
        where = {"machine": machine[:6] or "-"} if several else {}
        status = _state(first, (begun or {}).get((name, machine)))
        rows.append((step, {"cell": first["id"], **where, **figures, "status": status}))
        doubts.append(_disturbances(cell))
    if any(doubts):
        rows = [(step, {**row, "contended": doubt or "-"}) for (step, row), doubt in zip(rows, doubts, strict=True)]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _state(cell: pd.Series, begun: Begun | None) -> str:
    """How the cell ended, and what speaks against its numbers, with the number of processes: ok; contended 2 of 6."""
    status, flags = cell["status"], cell.get("flags")
    state = f"{begun} measured" if begun and status == "ok" else str(status)
    return f"{state}; {flags}" if isinstance(flags, str) and flags else state


# What is said of a metric wherever there is one.
_IN_WORDS = {
    "accumulation_time": "time and memory of whole: of a batch in parts over the same at once",
    "loading_time": "time of resident: a step with its fetch over one whose batch is gathered from resident images",
    "recompute_time": "time and memory of eager: with activation checkpointing over without",
    "throughput": "images/s: of a step without the fetch of its batch; training gives fewer",
}


def legend(table: pd.DataFrame, plan: Mapping[str, Any], *, median: bool = True) -> str:
    """What the columns are: statistic, threads, n, the accuracy to stop at, and the seeds; `median` if that has one.

    The fields of the plan say when trainings stop.
    """
    measured = {metric: rows.iloc[0] for metric, rows in table.groupby("metric")}
    parts = []
    if "step" in measured:
        parts.append(f"times: {STATISTICS[measured['step']['statistic']]} of single steps{_threads(table, 'step')}")
        parts += ["median: what a user experiences"] * median
    if "relative_cost" in measured:
        statistic = STATISTICS[measured["relative_cost"]["statistic"]]
        parts.append(
            f"relative cost: {statistic}, seconds an image over those of the reference ({REFERENCE})"
            f"{_threads(table, 'relative_cost')}, 95 % interval of this run over fresh processes, ± on the log scale"
            f"{_within(table)}"
        )
        if _mixed(table):
            verb = "is" if len(_mixed(table)) == 1 and _mixed(table) != ["threads"] else "are"
            parts.append(f"relative costs compare only where {joined(_mixed(table))} {verb} the same")
    if efficiencies := {"weak_efficiency", "strong_efficiency"} & {*measured}:
        kinds = " and ".join(sorted((name.partition("_")[0] for name in efficiencies), reverse=True))
        parts.append(
            f"{kinds} efficiency: images/s over world size times those of one rank of this run, ± is its 95 % interval "
            "over launches; communication: from a trace, the exposed part is hidden behind no work"
        )
    parts += [words for metric, words in _IN_WORDS.items() if metric in measured]
    parts += _aims(plan) if "reached" in measured else []
    if "accuracy" in measured and measured["accuracy"]["n"] > 1:
        parts.append("± is the 95 % t interval over seeds")
    if "gradient_error" in measured and varying(table) & {*METRICS["gradient_error"].axes}:
        parts.append("errors: of the first step against float64, relative")
    if note := _seeds(table):
        parts.append(note)
    if "contended" in table and table["contended"].eq(True).any():  # absent where a cell has no metric
        parts.append(
            f"{MARK} other work took its cores each time it was measured (of training: with any seed): do not use it"
        )
    return "; ".join(parts)


def _aims(plan: Mapping[str, Any]) -> list[str]:
    """What a time to accuracy is, and an accuracy where training stopped at one."""
    until, often = plan.get("until"), plan.get("evaluations", EVALUATIONS_PER_EPOCH)
    goal = f"{until:g}" if until and not plan.get("targets") else "the target"
    return [
        (
            f"time to accuracy: training seconds at the first evaluation of {goal} or more, {often} of "
            "them an epoch, = mean seconds a step x steps; reached at any time since the evaluation before; the share "
            "of seeds has its 95 % interval"
        ),
        "accuracy: where training stopped at the target, that of the stop, which is high by selection",
    ]


def _mixed(table: pd.DataFrame) -> list[str]:
    """What differs between the references that the relative costs are relative to; none where all compare."""
    shared = {"device": "device", "threads_used": "threads", "denormals": "denormals", "dataset": "data set"}
    costs = table[table["metric"] == "relative_cost"]
    return [words for name, words in shared.items() if name in costs and costs[name].nunique() > 1]


def _seeds(table: pd.DataFrame) -> str:
    """Which seeds were run, for the ids in the table have none; "" where it was the default one alone."""
    seeds = sorted({seed for of_row in table["seeds_run"] for seed in of_row})
    if seeds in ([], [0]):
        return ""
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {joined(map(str, seeds), most=20)}"


def _within(table: pd.DataFrame) -> str:
    """The fingerprint within which relative costs compare; "" where none was recorded."""
    prints = sorted({name for text in table.get("fingerprint", ()) for name in text.split()})
    if len(prints) > 1:
        return f", to compare within one fingerprint, of {joined(prints)}"
    return f", to compare within fingerprint {prints[0]} alone" if prints else ""


def _threads(table: pd.DataFrame, metric: str) -> str:
    """The thread counts a metric was taken with."""
    counts = sorted({int(count) for count in table.loc[table["metric"] == metric, "threads_used"].dropna()})
    if len(counts) == 1:
        return f", {plural(counts[0], 'thread')}"
    return f", {' or '.join(map(str, counts))} threads" if counts else ""


def varying(table: pd.DataFrame) -> set[str]:
    """The fields of a cell that have more than one value in the table."""
    return {name for name in AXES if name in table and table[name].nunique(dropna=False) > 1}


def columns_of(present: set[str], axes: set[str]) -> list[Metric]:
    """The metrics that have a column: an imported time only where there is no step, a time to a target where there is.

    An error of the arithmetic has one where cells differ in it. The others always have theirs, but for runs that were
    imported, which have nothing else than what is present.
    """
    shown = [row for row in METRICS.values() if row.terminal and (not row.axes or axes & {*row.axes})]
    shown = [row for row in shown if not row.is_wall or (row.name in present and "step" not in present)]
    if any(row.is_wall for row in shown):
        return [row for row in shown if row.name in present]
    shown = [row for row in shown if not row.on_request or row.name in present]
    return [row for row in shown if not row.to_target or "reached" in present]


def _marked(column: Metric, measured: dict[str, pd.Series], target: float | None) -> str:
    """The figure, with the mark where it is of disturbed processes alone."""
    name = "step" if column.name == "step_median" else column.name
    doubtful = name in measured and bool(measured[name].get("contended", False))
    return _figure(column, measured, target) + MARK * doubtful


def _disturbances(cell: pd.DataFrame) -> str:
    """Which parts of a cell were contended in every process, and which processes are left out; "" for none."""
    parts: dict[str, str] = {}
    if "contended" not in cell:
        return ""
    for row in cell.dropna(subset=["metric"]).to_dict("records"):
        part, gone = row_of(row["metric"], row["unit"]).timed_in, int(row["left_out"])
        if part and row["contended"]:
            parts[part] = part
        elif part and gone:
            parts[part] = f"{part} in {gone} of {plural(row['n'] + gone, 'process')}, left out"
    return "; ".join(parts.values())


def _figure(column: Metric, measured: dict[str, pd.Series], target: float | None) -> str:
    """The number of one cell in a column; a dash where it has none."""
    if column.to_target:
        return _to_target(column, measured)
    if column.name == "step_median":
        return quantity(measured["step"]["median"], "s") if "step" in measured else "-"
    if column.name not in measured:
        return "-"
    row = measured[column.name]
    if column.kind == "ratio":
        return _relative(row, target)
    if column.kind == "share":
        return _accuracy(row) if column.once_a_seed else _over_processes(row)
    return number(row["value"]) if column.kind == "rate" else quantity(row["value"], column.symbol)


def _accuracy(row: pd.Series) -> str:
    """A test accuracy; over several seeds their mean with the half-width of its t interval, and how many are lost."""
    if row["seeds"] < 2:
        return quantity(row["value"], PERCENT)
    half = _half(row) if row["n"] > 1 else None
    return f"{with_interval(row['value'], PERCENT, half)} ({over_seeds(row['n'], row['seeds'], row['lost'])})"


def _over_processes(row: pd.Series) -> str:
    """A share with half the width of its interval over processes, where there is one."""
    return with_interval(row["value"], PERCENT, None if pd.isna(row["low"]) else _half(row))


def _to_target(column: Metric, measured: dict[str, pd.Series]) -> str:
    """What it took to reach the target accuracy, of time seconds a step times steps; or how many seeds did, if not all.

    Of several seeds the share that reached it has its interval: five of five may be half of all.
    """
    if "reached" not in measured:
        return "-"
    reached, seeds, lost = (
        measured["reached"]["value"],
        int(measured["reached"]["n"]),
        measured["reached"]["lost"],
    )
    if reached < 1 and seeds < 2:
        return "not reached"
    share = _ends(measured["reached"])
    if reached < 1:
        return f"reached by {over_seeds(round(reached * seeds), seeds, lost)}{share}"
    everyone = f", all {seeds} seeds{share}" if seeds > 1 else ""
    if column.name != "time_to_accuracy":
        return f"{_spread(measured[column.name], column.symbol)}{everyone}" if column.name in measured else "-"
    time, step, steps = (
        _spread(measured[name], METRICS[name].symbol)
        for name in ("time_to_accuracy", "training_step", "steps_to_accuracy")
    )
    return f"{time} = {step} x {steps}{everyone}"


def _ends(row: pd.Series) -> str:
    """The interval of a share of seeds, where there is one."""
    return "" if pd.isna(row["low"]) else f" ({whole(row['low'])} to {whole(row['high'])} of seeds)"


def _spread(row: pd.Series, unit: str) -> str:
    """A value that is pooled on the log scale, with its relative half-width where there is an interval."""
    share = _share(row)
    if share is None:
        return quantity(row["value"], unit)
    return f"{quantity(row['value'], unit, _half(row))} {either_way(share)}"


def _share(row: pd.Series) -> float | None:
    """The half-width of its interval as a share; None where there is none, or it reaches down to 0."""
    return None if pd.isna(row["low"]) else Interval(row["value"], row["low"], row["high"], row["n"]).half_width


def _half(row: pd.Series) -> float:
    return float(row["high"] - row["low"]) / 2


def _bound(bound: Bound | None) -> str:
    """What explains most of the step by the machine's ceilings, or that nothing does."""
    return told(bound) if bound else "-"


def _relative(row: pd.Series, target: float | None) -> str:
    """The relative cost with the half-width of its interval, and whether that is as narrow as it was meant to be."""
    if pd.isna(row["low"]):
        return f"{number(row['value'])} (one process: no interval)"
    share, value = _share(row), number(row["value"], _half(row))
    if share is None:  # some process gave 0, which no ratio of times is
        return f"{value} ({number(row['low'])} to {number(row['high'])}: too noisy)"
    if share > 1:
        endless = is_endless(row["low"], row["high"])
        ends = either_way(share) if endless else f"{number(row['low'])} to {number(row['high'])}"
        return f"{value} ({ends}: too noisy)"
    missed = f" (target {percent(target)} not met)" if target is not None and share > target else ""
    return f"{value} {either_way(share)}{missed}"
