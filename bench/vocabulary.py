"""Vocabulary: the closed words of the suite, each as a type and as the tuple of its values."""

from typing import Literal, get_args

# What became of a visit to a cell.
Status = Literal["ok", "skipped", "oom", "timeout", "diverged", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)

# Which way is better.
Direction = Literal["lower", "higher", "none"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

# How a value follows from what was read: a quantile of its samples, or one of the others.
Quantile = Literal["min", "p10", "p25", "median", "p75", "p90", "max"]
Statistic = Literal[Quantile, "exact", "maximum", "mean", "final", "share", "single", "at target"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

# The parts of a training step, in their order. A step is timed without the fetch of its batch.
Phase = Literal["fetch", "zero_grad", "forward", "loss", "backward", "optimizer"]
PHASES: tuple[Phase, ...] = get_args(Phase)
STEP_PHASES: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase != "fetch")

# How a step is run.
Mode = Literal["eager", "compile", "cuda_graph"]
MODES: tuple[Mode, ...] = get_args(Mode)

# What kind of number a metric is: a count that is the same in every run, seconds, something a second, a quotient of
# two like quantities, bytes that vary, a share between 0 and 1, a count that varies, or another number without a unit.
MetricKind = Literal["exact", "time", "rate", "ratio", "size", "share", "count", "number"]
METRIC_KINDS: tuple[MetricKind, ...] = get_args(MetricKind)

# How the visits of a cell, or the seeds of a configuration, become one number: the geometric mean, the arithmetic
# mean, the share of those that say yes (a mean without an interval), or the first of values that are all the same.
Pooling = Literal["log_mean", "mean", "proportion", "once"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

# What judges a metric when a run is checked against accepted ones; a tolerance is that gate's.
Gate = Literal["screening", "exact counts", "memory", "accuracy"]
GATES: tuple[Gate, ...] = get_args(Gate)
