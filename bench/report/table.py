"""The table: one row a configuration, one column a metric, each number with its interval, unit, statistic and n."""

import math
from dataclasses import dataclass
from typing import Literal

from bench.metrics import METRICS, Metric, row_of
from bench.report.comparable import groups
from bench.report.rank import Rank, ranks
from bench.report.record import Record, Row, Value
from bench.report.units import either_way, percent, quantity, scale_of, with_unit
from bench.store.seeds import over_seeds
from bench.text import (
    NO_INTERVAL,
    PERCENT,
    STATISTICS,
    TIMES,
    Scale,
    figure,
    is_endless,
    number,
    plural,
    plus_minus,
    tells_nothing,
    whole,
)

# Kinds whose interval holds for the run, as between runs they move more; and those that the machine's minutes move, so
# that no ± promises the next run.
_OF_THIS_RUN = {"time", "rate", "ratio", "energy"}
_OF_THE_MACHINE = {"time", "rate", "size", "count", "energy"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it shows, in which unit, from which statistic, and whether it starts visible.

    `compares` says how two of its numbers do: by their ratio, by their difference (of shares), or not at all.
    """

    metric: str
    heading: str
    unit: str
    detail: tuple[str, ...]
    note: str
    scale: Scale
    shown: bool
    compares: Literal["ratio", "difference", ""]


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the table, as text and as data for sorting and copying."""

    text: str
    plus: str
    missed: str
    words: str
    value: Value


def columns(record: Record) -> list[Column]:
    """The columns that have at least one number, the headline ones first."""
    present = {value.metric for row in record.rows for value in row.values.values()}
    order = [*(name for name in METRICS if name in present), *sorted(present - set(METRICS))]
    return [_column(record, metric) for metric in order]


def entries(record: Record, column: Column) -> dict[str, Entry]:
    """The column's numbers by the key of their row."""
    values = {row.key: row.values[column.metric] for row in record.rows if column.metric in row.values}
    target = record.facts.plan.get("precision")
    limit = target if column.metric == "relative_cost" and isinstance(target, float) else None
    return {key: _entry(value, column, limit) for key, value in values.items()}


def placed(record: Record, metric: str = "relative_cost") -> dict[str, Rank]:
    """The rank of each row that is ok among those it compares with, as far as intervals allow one."""
    alike = groups(record, record.having(metric), metric)
    return {key: rank for group in alike if len(group.rows) > 1 for key, rank in ranks(group.rows, metric).items()}


def kin(record: Record, metric: str = "relative_cost") -> dict[str, str]:
    """The name of the group that each row compares in, by its key; "" where all compare."""
    return {row.key: group.name for group in groups(record, record.having(metric), metric) for row in group.rows}


def in_words(value: Value) -> str:
    """The number in words: name, value and unit, interval, statistic, n, threads."""
    name = row_of(value.metric, value.unit).words
    statistic = STATISTICS.get(value.statistic, value.statistic)
    samples = f" of {value.samples:,} samples" if value.samples else ""
    if value.spread and value.spread.rounds:
        samples = f" of {plural(value.spread.rounds, 'round')}"
    threads = f", {plural(value.threads, 'thread')}" if value.threads else ""
    return f"{name} {amount(value)}, {statistic}{samples}{threads}"


def amount(value: Value) -> str:
    """The value with its interval and n: 12.3 ms (12.1 to 12.5, this run, n = 3 processes)."""
    if value.statistic == "exact":
        return quantity(value.metric, value.unit, value.value)
    once = row_of(value.metric, value.unit).once_a_seed
    noun = "seed" if once else "benchmark" if value.spread else "process"
    count = over_seeds(value.n, value.seeds, value.lost) if noun == "seed" else plural(value.n, noun)
    count += ", contended" if value.contended else ""
    left = f"{value.left_out} more left out: contended" if value.left_out else ""
    since = f"; {left}{_since(value)}" if left else _since(value)
    if value.low is None or value.high is None or value.half is None:
        none = f"one {noun}: no interval" if count == f"1 {noun}" else f"{count}, no interval"
        return f"{quantity(value.metric, value.unit, value.value)} ({none}{since})"
    scale = scale_of(value.metric, value.unit, [value.value])
    half = value.half * scale.factor
    share = scale.unit == PERCENT  # thousands of test images resolve two places
    bounded = share and row_of(value.metric, value.unit).pooled != "log_mean"  # nothing is beyond 100 %
    least = -math.inf if row_of(value.metric, value.unit).signed else 0
    ends = (value.value, max(value.low, least), min(value.high, 1.0 if bounded else math.inf))
    middle, low, high = (number(end * scale.factor, half, most=2 if share else 9) for end in ends)
    this_run = "this run, " if row_of(value.metric, value.unit).kind in _OF_THIS_RUN else ""
    endless = row_of(value.metric, value.unit).pooled == "log_mean" and is_endless(value.low, value.high)
    interval = either_way(math.inf) if endless else f"{low} to {high}"
    return f"{with_unit(middle, scale)} ({interval}, {this_run}n = {count}{since})"


def _since(value: Value) -> str:
    """The look before the one that told, where there were looks."""
    if value.before is None:
        return ""
    earlier = quantity(value.metric, value.unit, value.before.value) if value.before.value else ""
    return f"; not yet at {earlier}, the look before" if earlier else "; at the first look"


def _looked_before(before: float, scale: Scale) -> str:
    """The same under a number of the table."""
    return f"not yet at {figure(before, scale)}" if before else "at the first look"


def missed(row: Row, target: float) -> bool:
    """Whether the row's relative cost is less certain than the plan asked for."""
    value = row.values.get("relative_cost")
    return value is not None and (value.relative_half is None or value.relative_half > target)


def _column(record: Record, metric: str) -> Column:
    values = [row.values[metric] for row in record.rows if metric in row.values]
    first = values[0]
    scale = scale_of(metric, first.unit, [value.value for value in values])
    threads = {value.threads for value in values}
    parts = [] if first.statistic in ("exact", "final", "share") else [first.statistic]
    if threads != {None}:
        parts.append(plural(first.threads, "thread") if len(threads) == 1 and first.threads else "threads differ")
    row = row_of(metric, first.unit)
    if (row.to_target or metric == "reached") and record.target:
        parts = [f"to {percent_of(record.target)}"]
    detail = (", ".join(parts), "this run" if row.kind in _OF_THIS_RUN else "")
    shown = row.shown or any(len({line.cell.get(axis) for line in record.rows}) > 1 for axis in row.axes)
    more = _looks(record) if row.to_target else _stops(record) if metric == "accuracy" else ""
    if metric == "training_step" and record.target and not record.facts.plan.get("until"):
        more = f"up to the evaluation that reached {percent_of(record.target)}, where every seed has one"
    unit = f"{TIMES} the reference" if metric == "relative_cost" else scale.unit
    statistic = STATISTICS.get(first.statistic, first.statistic) if parts and first.statistic in parts else ""
    note = "; ".join(part for part in (row.note, statistic, more) if part)
    compares = _comparison(row, first.statistic)
    return Column(metric, row.heading, unit, tuple(part for part in detail if part), note, scale, shown, compares)


def _comparison(row: Metric, statistic: str) -> Literal["ratio", "difference", ""]:
    """How two numbers of a metric compare: what is pooled on the log scale by its ratio, as exact counts are."""
    if row.pooled == "log_mean" or statistic == "exact":
        return "ratio"
    return "difference" if row.kind == "share" and row.pooled == "mean" else ""


def _looks(record: Record) -> str:
    """How often the test accuracy was looked at, and that the target may have been chosen by what was seen."""
    trainings = [training["epochs"] for row in record.rows for training in row.training]
    most = max((sum(0 < (entry.get("epoch") or 0) <= 1 for entry in entries) for entries in trainings), default=1)
    first = "" if record.aimed else "in the first epoch, then once "
    often = f"{most} times {first}" if most > 1 else "once "
    chosen = "" if record.aimed else "; the target was chosen after the run, so that half of the trainings reach it"
    return (
        f"evaluated {often}an epoch and when training ended: it was reached at any time since the look before{chosen}"
    )


def _stops(record: Record) -> str:
    """What ended trainings before their epochs did, where something did."""
    if any(row.stopped for row in record.rows):
        return "training stopped at the target, so accuracies there are high by selection"
    limits = [limit for row in record.rows for training in row.training if (limit := training.get("limit"))]
    return f"training was ended after {quantity('step', 's', max(limits))}" if limits else ""


def percent_of(share: float) -> str:
    """A round share as a percentage: 0.995 is 99.5 %."""
    return f"{share * 100:g} %"


def _entry(value: Value, column: Column, limit: float | None) -> Entry:
    wide = value.half is not None and tells_nothing(column.scale.unit, value.half)
    known = None if value.before or wide else value.half
    half = known and known * column.scale.factor
    text = figure(value.value, column.scale, known)
    plus, short = _looked_before(value.before.value, column.scale) if value.before else "", NO_INTERVAL if wide else ""
    row = row_of(value.metric, value.unit)
    if half and value.statistic != "exact" and (row.once_a_seed or row.bounded or row.kind not in _OF_THE_MACHINE):
        share = value.relative_half
        plus = plus_minus(half, text) if column.scale.unit in (PERCENT, "") or share is None else either_way(share)
        if row.pooled == "proportion":  # lopsided: 100 % has nothing above it
            plus = f"{whole(value.low or 0.0)} to {whole(value.high or 0.0)}"
        if limit is not None and share is not None and share > limit:
            short = f"target {percent(limit)} not met"
    if value.metric == "accuracy" and value.n < value.seeds:
        short = over_seeds(value.n, value.seeds, value.lost)
    if value.contended:
        short = "; ".join(filter(None, ("contended", short)))
    return Entry(text, plus, short, in_words(value), value)
