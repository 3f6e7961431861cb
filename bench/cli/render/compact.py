"""Compact: a run's main figures as columns in one unit each, the rows in order of cost and named by what differs."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.cli.render.bar import bar
from bench.cli.render.best import Measured, best_rows, comparable
from bench.cli.render.figures import figures, title_of
from bench.cli.render.signs import signs_of
from bench.metrics import METRICS, Metric
from bench.plan.cell import Cell
from bench.plan.largest import Largest, marked
from bench.plan.short_names import BETWEEN, shared, short_names
from bench.stats.roofline import bounds
from bench.store.flags import SEPARATOR
from bench.store.frame import by_machine
from bench.store.unfinished import Begun
from bench.text import STATES, percent

BAR = "bar"  # the name of the column of bars
NAME = "cell"
# What the columns say first, and so keeps its place longest where there is little; the others follow as they stand.
FIRST = (
    NAME, "status", "relative_cost", BAR, "accuracy", "time_to_accuracy", "signs", "weak_efficiency",
    "strong_efficiency", "accumulation_time", "accumulation_memory", "recompute_time", "recompute_memory",
    "loading_time", "fetch", "loader_cpu",
    "pays_after_steps", "pays_after_seconds",
    "compile_time", "gradient_error",
    "update_error", "energy_per_image", "energy_to_accuracy", "step", "latency", "latency_p99",
    "served_at_512", "served_at_64", "size_on_disk", "accuracy_lost", "start_up", "latency_p90", "answers_differ",
    "throughput", "peak_memory", "parameters", "bound_by", "step_median",
)  # fmt: skip
_BAR_WIDTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: what it is called in flags, its title, a text for each row, and which rows of it are best."""

    name: str
    title: str
    texts: tuple[str, ...]
    best: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether no row has anything there."""
        return not any(text.strip("-") for text in self.texts)

    @property
    def is_same(self) -> bool:
        """Whether all rows, of which there are several, say the same."""
        return len(self.texts) > 1 and len(set(self.texts)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """The table before any width is known: its columns, what all rows share, the flags, and what gave no full result.

    `common` are the flags that all rows have alike, which no row repeats; `begun` is how much of rows was measured that
    have not ended.
    """

    columns: tuple[Column, ...]
    shared: tuple[str, ...]
    flags: tuple[str, ...]
    common: tuple[str, ...]
    lost: tuple[tuple[str, str, str], ...]
    begun: tuple[Begun, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row: its cell, on which class of machines, the first row of its frame, and its metrics by name.

    `begun` says how much of it was measured, where that is not all of it and none of that went wrong.
    """

    cell: Cell
    machine: str
    first: Mapping[Hashable, Any]
    measured: Mapping[str, Measured]
    part: pd.DataFrame
    begun: Begun | None


def compact(
    table: pd.DataFrame,
    cells: Mapping[str, Cell],
    metrics: Sequence[Metric],
    ceilings: Sequence[Mapping[str, Any]],
    begun: Mapping[tuple[str, str], Begun],
    *,
    searches: Sequence[Largest] = (),
) -> Compact:
    """The columns of these metrics, for the configurations of the pooled `table`, whose `cells` are known by id.

    Those that were `begun` and not ended, by id and machine, have what there is, and say in place of a status how much
    that is. Names say which batches are those that `searches` found.
    """
    entries = _in_order(_entries(table, cells, begun))
    names = marked(_names(entries), [entry.cell for entry in entries], searches)
    flags = [str(entry.first["flags"]) if isinstance(entry.first["flags"], str) else "" for entry in entries]
    common = _common(flags)
    rest = [SEPARATOR.join(flag for flag in text.split(SEPARATOR) if flag not in common) for text in flags]
    columns = [Column(name=NAME, title="", texts=tuple(names)), _status(entries)]
    for metric in metrics:
        columns += _of_metric(metric, entries)
    columns.append(_bound_by(entries, ceilings))
    columns.append(Column(name="signs", title="signs", texts=tuple(signs_of(text) or "-" for text in rest)))
    lost = [
        (name, str(entry.first["status"]), str(entry.first["reason"] or ""))
        for name, entry in zip(names, entries, strict=True)
        if entry.first["status"] != "ok" and entry.begun is None
    ]
    return Compact(
        columns=tuple(column for column in columns if not column.is_empty),
        shared=tuple(shared([entry.cell for entry in entries])),
        flags=tuple(rest),
        common=common,
        lost=tuple(lost),
        begun=tuple(entry.begun for entry in entries if entry.begun),
    )


def _entries(table: pd.DataFrame, cells: Mapping[str, Cell], begun: Mapping[tuple[str, str], Begun]) -> list[_Entry]:
    return [
        _Entry(
            cells[name],
            machine,
            part.iloc[0].to_dict(),
            {row["metric"]: row for row in part.to_dict("records") if isinstance(row["metric"], str)},
            part,
            begun.get((name, machine)) if part.iloc[0]["status"] == "ok" else None,
        )
        for name, machine, part in by_machine(table)
    ]


def _in_order(entries: Sequence[_Entry]) -> list[_Entry]:
    """Those whose relative costs compare together, the cheapest first; then by step, and what has neither last."""
    cost = METRICS["relative_cost"]

    def cheapest(entry: _Entry) -> float:
        return float(entry.measured[cost.name]["value"])

    costed = sorted((entry for entry in entries if cost.name in entry.measured), key=cheapest)
    groups = list(dict.fromkeys(comparable(cost, entry.measured[cost.name]) for entry in costed))
    costed.sort(key=lambda entry: groups.index(comparable(cost, entry.measured[cost.name])))
    rest = [entry for entry in entries if cost.name not in entry.measured]
    return costed + sorted(rest, key=_seconds)


def _seconds(entry: _Entry) -> float:
    """Of a step, or of an answer where that is what is timed."""
    known = entry.measured.get("step") or entry.measured.get("latency")
    return float(known["value"]) if known else float("inf")


def _names(entries: Sequence[_Entry]) -> list[str]:
    """Short names, with the class of machines where there are several."""
    several = len({entry.machine for entry in entries}) > 1
    names = short_names([entry.cell for entry in entries])
    return [
        BETWEEN.join([name, *([entry.machine[:6] or "?"] if several else [])])
        for name, entry in zip(names, entries, strict=True)
    ]


def _common(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags that each of several rows has."""
    if len(flags) < 2:
        return ()
    every = [text.split(SEPARATOR) for text in flags]
    return tuple(flag for flag in every[0] if flag and all(flag in each for each in every))


def _status(entries: Sequence[_Entry]) -> Column:
    """How each row ended, or how much of it was measured, where not all ended well."""
    states = [str(entry.begun or entry.first["status"]) for entry in entries]
    shown = [] if set(states) == {"ok"} else [STATES.get(state, state) for state in states]
    return Column(name="status", title="status", texts=tuple(shown))


def _of_metric(metric: Metric, entries: Sequence[_Entry]) -> list[Column]:
    """The column of a metric; of the relative cost the bars as well."""
    source = "step" if metric.name == "step_median" else metric.name
    rows = [entry.measured.get(source) for entry in entries]
    texts, scale = figures(metric, rows, [entry.measured for entry in entries])
    best = best_rows(metric, rows) if source == metric.name else frozenset()
    column = Column(name=metric.name, title=title_of(metric, scale), texts=tuple(texts), best=best)
    if metric.name != "relative_cost":
        return [column]
    values = [row["value"] if row else 0.0 for row in rows]
    most = max(values, default=0.0) or 1.0
    bars = [bar(value / most, _BAR_WIDTH) for value in values]
    return [column, Column(name=BAR, title="", texts=tuple(bars if len(bars) > 1 else [""]))]


def _bound_by(entries: Sequence[_Entry], ceilings: Sequence[Mapping[str, Any]]) -> Column:
    """What explains most of each step by the machine's ceilings."""
    texts = []
    for entry in entries:
        bound = bounds(entry.part, ceilings) if ceilings else None
        by = bound.by if bound else ""
        doubt = "?" * bool(bound and by in bound.disturbed)
        texts.append(f"{by} {percent(bound.share(by))}{doubt}" if bound and by else "-" if bound is None else "none")
    return Column(name="bound_by", title="bound by", texts=tuple(texts))
