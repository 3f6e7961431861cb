"""The table: one row a configuration, one column a metric, each number with its interval, unit, statistic and n."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.report.rank import ranks
from bench.report.record import Record, Row, Value
from bench.report.units import either_way, percent, quantity, scale_of, with_unit
from bench.store.seeds import over_seeds
from bench.text import PERCENT, STATISTICS, TIMES, Scale, figure, number, plural, plus_minus

HEADINGS = {
    "relative_cost": "Relative cost",
    "accuracy": "Test accuracy",
    "time_to_accuracy": "Time to accuracy",
    "throughput": "Throughput",
    "step": "Step",
    "step_median": "Step, median",
    "forward": "Forward",
    "backward": "Backward",
    "optimizer": "Optimizer",
    "peak_memory": "Peak memory",
    "parameters": "Parameters",
    "flops": "FLOPs",
    "inference": "Inference",
    "inference_throughput": "Inference throughput",
    "training_throughput": "Training throughput",
    "train_accuracy": "Training accuracy",
    "test_loss": "Test loss",
    "reached": "Reached the target",
    "training_step": "Step of training",
    "steps_to_accuracy": "Steps to accuracy",
    "step_wall": "Step, by the block",
    "parameter_bytes": "Memory of parameters",
    "optimizer_bytes": "Memory of the optimizer",
    "activation_bytes": "Memory of activations",
    "loss": "Loss",
    "zero_grad": "Zero gradients",
    "fetch": "Fetch",
    "flops_forward": "FLOPs forward",
    "evaluations": "Evaluations",
    "page_faults": "Page faults",
    "phase_gap": "Outside phases",
    "relative_cell": "Step beside the reference",
    "relative_reference": "Reference's step",
    "call": "Call",
    "inference_wall": "Inference, by the block",
}
SHOWN = (*tuple(HEADINGS)[:12], "call")  # the others start hidden; whatever else a run holds follows them

NOTES = {
    "relative_cost": "seconds an image, divided by those of the reference measured in turn in the same process",
    "accuracy": "share of the test images classified right when training ended, over seeds",
    "time_to_accuracy": "training seconds, evaluation excluded, at the first evaluation that reaches the target",
    "train_accuracy": "share of the first 5,000 training images classified right when training ended",
    "reached": "share of all seeds, those that diverged or failed included, that reached the accuracy aimed at",
    "training_step": "mean seconds a step of the training run, the fetch of its batch included, evaluation excluded",
    "steps_to_accuracy": "training steps until the first evaluation that reaches the target",
    "throughput": "training images a second, from the time of a step",
    "step": "one training step, from zeroing the gradients to the optimizer's update; the fetch of its batch is apart",
    "step_median": "the median step: what a user experiences",
    "forward": "the forward pass of a training step",
    "backward": "the backward pass of a training step",
    "optimizer": "the optimizer's update in a training step",
    "peak_memory": "the most memory in use during training steps",
    "test_loss": "mean loss over the test images when training ended",
    "step_wall": "a step as the whole block's time divided by its steps",
    "inference_wall": "a batch without gradients as the whole block's time divided by its batches",
    "call": "one call of a function that pytest-benchmark timed",
    "parameters": "trainable numbers in the architecture",
    "flops": "floating-point operations of the forward and backward pass of one step",
    "flops_forward": "floating-point operations of the forward pass of one step",
    "inference": "the forward pass of one batch without gradients",
    "inference_throughput": "images a second without gradients",
    "training_throughput": "images a second of the training run, evaluation excluded",
    "evaluations": "how often a step evaluates the model, where the optimizer decides that",
    "page_faults": "page faults a step; many of them mean that the allocator shapes the times",
    "phase_gap": "share of a step's time that lies in no phase",
    "relative_cell": "a step of this configuration in the blocks that alternate with the reference",
    "relative_reference": "a step of the reference in the blocks that alternate with this configuration",
}
# What training gives, once a seed.
LEARNT = {
    "accuracy", "train_accuracy", "test_loss", "reached", "training_step", "training_throughput", "time_to_accuracy",
    "steps_to_accuracy",
}  # fmt: skip
_ABSOLUTE = {"s", "1/s"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it shows, in which unit, from which statistic, and whether it starts visible."""

    metric: str
    heading: str
    unit: str
    detail: tuple[str, ...]
    note: str
    scale: Scale
    shown: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the table, as text and as data for sorting and copying."""

    text: str
    plus: str
    missed: str
    told: str
    value: Value


def columns(record: Record) -> list[Column]:
    """The columns that have at least one number, the headline ones first."""
    present = {value.metric for row in record.rows for value in row.values.values()}
    order = [*(one for one in HEADINGS if one in present), *sorted(present - set(HEADINGS))]
    return [_column(record, metric) for metric in order]


def entries(record: Record, column: Column) -> dict[str, Entry]:
    """The column's numbers by the key of their row."""
    values = {row.key: row.values[column.metric] for row in record.rows if column.metric in row.values}
    target = record.facts.plan.get("precision")
    limit = target if column.metric == "relative_cost" and isinstance(target, float) else None
    return {key: _entry(value, column, limit) for key, value in values.items()}


def placed(record: Record, metric: str = "relative_cost") -> Mapping[str, int]:
    """The rank of each row that is ok, as far as intervals allow one."""
    rows = record.having(metric)
    return ranks(rows, metric) if len(rows) > 1 else {}


def told(value: Value) -> str:
    """The number in words: name, value and unit, interval, statistic, n, threads."""
    name = HEADINGS.get(value.metric, value.metric.replace("_", " ")).lower().replace("flops", "FLOPs")
    statistic = STATISTICS.get(value.statistic, value.statistic)
    samples = f" of {value.samples:,} samples" if value.samples else ""
    threads = f", {plural(value.threads, 'thread')}" if value.threads else ""
    return f"{name} {amount(value)}, {statistic}{samples}{threads}"


def amount(value: Value) -> str:
    """The value with its interval and n: 12.3 ms (12.1 to 12.5, this run, n = 3 visits)."""
    if value.statistic == "exact":
        return quantity(value.metric, value.unit, value.value)
    noun = "seed" if value.metric in LEARNT else "visit"
    count = over_seeds(value.n, value.seeds, value.lost) if noun == "seed" else plural(value.n, noun)
    if value.low is None or value.high is None or value.half is None:
        none = f"one {noun}: no interval" if count == f"1 {noun}" else f"{count}, no interval"
        return f"{quantity(value.metric, value.unit, value.value)} ({none})"
    scale = scale_of(value.metric, value.unit, [value.value])
    half = value.half * scale.factor
    share = scale.unit == PERCENT  # nothing is beyond 100 %, and thousands of test images resolve two places
    ends = (value.value, max(value.low, 0), min(value.high, 1.0 if share else math.inf))
    middle, low, high = (number(end * scale.factor, half, most=2 if share else 9) for end in ends)
    this_run = "this run, " if value.unit in _ABSOLUTE else ""
    return f"{with_unit(middle, scale)} ({low} to {high}, {this_run}n = {count})"


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
    if metric in ("time_to_accuracy", "steps_to_accuracy", "reached") and record.target:
        parts = [f"to {percent_of(record.target)}"]
    detail = (", ".join(parts), "this run" if first.unit in _ABSOLUTE else "")
    heading = HEADINGS.get(metric, metric.replace("_", " ").capitalize())
    unit = f"{TIMES} {record.reference()}" if metric == "relative_cost" else scale.unit
    statistic = STATISTICS.get(first.statistic, first.statistic) if parts and first.statistic in parts else ""
    note = "; ".join(part for part in (NOTES.get(metric, ""), statistic) if part)
    return Column(metric, heading, unit, tuple(part for part in detail if part), note, scale, metric in SHOWN)


def percent_of(share: float) -> str:
    """A round share as a percentage: 0.995 is 99.5 %."""
    return f"{share * 100:g} %"


def _entry(value: Value, column: Column, limit: float | None) -> Entry:
    half = None if value.half is None else value.half * column.scale.factor
    text = figure(value.value, column.scale, value.half)
    plus, short = "", ""
    if half and value.statistic != "exact":
        share = value.relative_half
        plus = plus_minus(half, text) if column.scale.unit in (PERCENT, "") or share is None else either_way(share)
        if limit is not None and share is not None and share > limit:
            short = f"target {percent(limit)} not met"
    if value.metric == "accuracy" and value.n < value.seeds:
        short = over_seeds(value.n, value.seeds, value.lost)
    return Entry(text, plus, short, told(value), value)
