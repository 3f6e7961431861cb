"""Vocabulary: the closed words of the suite, each as a type and as the tuple of its values."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args

# Which way is better.
Direction = Literal["lower", "higher", "none"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

# How a value follows from what was read: a quantile of its samples, or one of the others.
Quantile = Literal["min", "p10", "p25", "median", "p75", "p90", "p99", "max"]
Statistic = Literal[Quantile, "exact", "maximum", "mean", "final", "share", "single", "at target"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

# The parts of a training step, in their order. A step is timed without the fetch of its batch; the passes are those
# whose arithmetic is the net's and the loss's, not the optimizer's.
Phase = Literal["fetch", "zero_grad", "forward", "loss", "backward", "optimizer"]
PHASES: tuple[Phase, ...] = get_args(Phase)
STEP_PHASES: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase != "fetch")
PASSES: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase not in ("fetch", "zero_grad", "optimizer"))
FETCH: Phase = "fetch"
WHOLE_STEP = "step"  # stands for all of them where a step is timed or replayed as one
WHOLE = (FETCH, WHOLE_STEP)  # what lies between the marks of such a step
# What a step holds in memory, from what is there all the time to what comes and goes.
MemoryCategory = Literal["weights", "optimizer state", "gradients", "inputs", "activations", "temporary"]
MEMORY_CATEGORIES: tuple[MemoryCategory, ...] = get_args(MemoryCategory)
# Phases in which all operators serve one purpose, whatever they are: the category that they count as.
PHASE_PURPOSES: Mapping[str, str] = {
    "fetch": "data",
    "zero_grad": "optimizer",
    "optimizer": "optimizer",
    "loss": "loss",
}

# Comparisons and checks. What a look at the pairs so far says; the verdict on one cell and metric; what the verdicts
# make together, the gravest first; what kind of decision it is; and why it ended early, "" where it did not.
LookOutcome = Literal["pass", "fail", "continue", "inconclusive"]
VerdictWord = Literal[
    "regressed",
    "failed",
    "not comparable",
    "missing",
    "inconclusive",
    "accepted",
    "changed",
    "not known",
    "new",
    "unchanged",
    "improved",
]
VERDICTS: tuple[VerdictWord, ...] = get_args(VerdictWord)
Overall = Literal["regression", "not comparable", "inconclusive", "pass"]
OVERALLS: tuple[Overall, ...] = get_args(Overall)
# What two sides compute: the same to the bit, the same but for rounding, or something else.
Sameness = Literal["equal", "float error", "changed", "not known"]
SAMENESSES: tuple[Sameness, ...] = get_args(Sameness)
Arithmetic = Literal["own", "float64"]  # in which the operators of a step are traced: the cell's, or the truth's
# Why an accepted run begins a segment of its baseline: someone said so, or what measuring it side by side gave.
SegmentStart = Literal["", "reset", "regressed", "improved"]
SEGMENT_STARTS: tuple[SegmentStart, ...] = get_args(SegmentStart)
DecisionKind = Literal["ab", "check"]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
Ending = Literal["", "out of time", "interrupted"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)

# How a level moved: at once, or little by little.
ChangeKind = Literal["step", "ramp"]

# What a number of one run is against that of another: better, worse, no more apart than chance makes them, or nothing
# that can be told.
Movement = Literal["loss", "gain", "within noise", "not told"]
MOVEMENTS: tuple[Movement, ...] = get_args(Movement)

# What optimizers race by: seconds of training to the target, or steps.
RaceMeasure = Literal["seconds", "steps"]
RACE_MEASURES: tuple[RaceMeasure, ...] = get_args(RaceMeasure)

# How a table is handed to other programs.
SheetFormat = Literal["markdown", "csv", "latex"]
SHEET_FORMATS: tuple[SheetFormat, ...] = get_args(SheetFormat)

# A pair of processes: its sides, what is timed, and the quantiles of a side's steps that are kept.
SideName = Literal["before", "after"]
SIDES: tuple[SideName, ...] = get_args(SideName)
# What is done for a comparison: telling what both sides compute, counting, starting servers afresh, making a pair.
PairStage = Literal["sameness", "counts", "servers", "pair"]
PairMetric = Literal["step", "seconds_per_image"]
PAIR_METRICS: tuple[PairMetric, ...] = get_args(PairMetric)
PairQuantile = Literal["min", "p10", "p25", "median"]
PAIR_QUANTILES: tuple[PairQuantile, ...] = get_args(PairQuantile)

# Results: how a process ended, and what its warnings concern.
Status = Literal["ok", "skipped", "oom", "timeout", "diverged", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
# "timing" is of all timed parts together, "step" of a step of the user's own.
Part = Literal["phases", "inference", "relative cost", "timing", "numerics", "training", "insight", "profile", "step"]
WarningKind = Literal[
    "not steady",
    "faulting",
    "contended",
    "reference disturbed",
    "throttled",
    "shared",
    "drifting",
    "denormals",
    "loss not finite",
    "uneven",
    "time limit",
    "target missed",
    "error not known",
    "several outputs",
    "inference alone",
    "normalized in parts",
    "kept as bytes",
    "settings changed",
    "left running",
    "node lost",
    "no profile",
    "no insight",
    "no energy",
    "start not known",
    "not kept",
    "not closed",
    "oversubscribed",
    "costly marks",
    "memory not known",
    "no kernels",
]

# What a neighbour did to a part of a measurement: it is measured again, and what was not disturbed is preferred.
DISTURBANCES: tuple[WarningKind, ...] = ("contended",)

# How a run stands or ended, "unknown" where run.json does not say; and what came of measuring a past revision.
RunStatus = Literal["unknown", "running", "finished", "out of time", "interrupted"]
RUN_STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
RevisionStatus = Literal["recorded", "there already", "failed", "interrupted"]

# How a step is run: "recompute" is eager with activation checkpointing.
Mode = Literal[
    "eager", "compile", "compile_dynamic", "compile_reduce_overhead", "compile_max_autotune",
    "compile_max_autotune_no_cudagraphs", "cuda_graph", "recompute",
]  # fmt: skip
MODES: tuple[Mode, ...] = get_args(Mode)

# By what a trained net answers: of "none" its training steps are measured, of all others what serving it takes.
Engine = Literal[
    "none", "eager", "inference_mode", "bfloat16", "compile", "freezing", "aot_inductor", "dynamic_int8", "static_int8",
]  # fmt: skip
ENGINES: tuple[Engine, ...] = get_args(Engine)
NO_ENGINE: Engine = "none"

# Whether what was spent once on a faster step is made up for.
Pays = Literal["yes", "no", "not known"]

# In which arithmetic products of float32 numbers are computed: torch's own choice; one for all kinds of operators; or
# one for a kind, and IEEE's for the others.
Fp32Precision = Literal[
    "default", "ieee", "tf32", "bf16",
    "matmul_tf32", "matmul_bf16", "conv_tf32", "conv_bf16", "rnn_tf32", "rnn_bf16",
]  # fmt: skip
FP32_PRECISIONS: tuple[Fp32Precision, ...] = get_args(Fp32Precision)
NARROW_PRODUCTS = tuple(name for name in FP32_PRECISIONS if name not in ("default", "ieee"))  # of fewer digits

# What kind of number a metric is: a count that is the same in every run, seconds, something a second, a quotient of
# two like quantities, bytes that vary, joules or watts, a share between 0 and 1, a count that varies, or another number
# without a unit.
MetricKind = Literal["exact", "time", "rate", "ratio", "size", "energy", "share", "count", "number"]
METRIC_KINDS: tuple[MetricKind, ...] = get_args(MetricKind)

# How the processes of a cell, or the seeds of a configuration, become one number: the geometric mean, the arithmetic
# mean, the share of those that say yes, or the first of values that are all the same.
Pooling = Literal["log_mean", "mean", "proportion", "once"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

# What judges a metric when a run is checked against accepted ones; a tolerance is that gate's.
Gate = Literal["screening", "exact counts", "memory", "accuracy"]
GATES: tuple[Gate, ...] = get_args(Gate)

# What of a model others published a time of: its inference, or whole steps of training.
FigurePart = Literal["inference", "training"]

# What a look into a trained net tells; by which methods pixels are held responsible; and how an image is treated at its
# edges, or made smaller.
InsightKind = Literal[
    "scores", "filters", "features", "saliency", "ascent", "adversarial", "calibration", "edges",
]  # fmt: skip
INSIGHT_KINDS: tuple[InsightKind, ...] = get_args(InsightKind)
SaliencyMethod = Literal["gradients", "integrated gradients", "Grad-CAM", "occlusion"]
SALIENCY_METHODS: tuple[SaliencyMethod, ...] = get_args(SaliencyMethod)
EdgeMap = Literal["image", "extend", "pad", "crop", "max", "average"]
EDGE_MAPS: tuple[EdgeMap, ...] = get_args(EdgeMap)

# A plane through the loss surface: through the start and two ends, through three ends, or in two random directions.
PlaneKind = Literal["start", "ends", "random"]
PLANE_KINDS: tuple[PlaneKind, ...] = get_args(PlaneKind)

# What a worker hands over as bytes.
FileKind = Literal["trace", "checkpoint"]

Word = TypeVar("Word")


def word(value: Any, words: tuple[Word, ...]) -> Word:
    """The stored value, which must be one of the words.

    Raises:
        ValueError: it is none of them.

    """
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, words))}")
    return cast("Word", value)
