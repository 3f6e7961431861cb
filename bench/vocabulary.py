"""Vocabulary: the closed words of the suite, each as a type and as the tuple of its values."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args

# The parts of a training step, in their order. A step is timed without the fetch of its batch.
Phase = Literal["fetch", "zero_grad", "forward", "loss", "backward", "optimizer"]
PHASES: tuple[Phase, ...] = get_args(Phase)
STEP_PHASES: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase != "fetch")
FETCH: Phase = "fetch"
WHOLE_STEP = "step"  # stands for all of them where a step is replayed as one
# Phases in which all operators serve one purpose, whatever they are: the category that they count as.
PHASE_PURPOSES: Mapping[str, str] = {
    "fetch": "data",
    "zero_grad": "optimizer",
    "optimizer": "optimizer",
    "loss": "loss",
}

# Comparisons and checks. What a look at the pairs so far says; what is said of one cell and metric; what the verdicts
# make together, the gravest first; what kind of decision it is; and why it ended early, "" where it did not.
Outcome = Literal["pass", "fail", "continue", "inconclusive"]
VerdictWord = Literal[
    "regressed", "failed", "not comparable", "missing", "inconclusive", "new", "unchanged", "improved"
]
VERDICTS: tuple[VerdictWord, ...] = get_args(VerdictWord)
Overall = Literal["regression", "not comparable", "inconclusive", "pass"]
OVERALLS: tuple[Overall, ...] = get_args(Overall)
DecisionKind = Literal["ab", "check"]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
Ending = Literal["", "out of time", "interrupted"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)

# A pair of processes: its sides, what is timed, and the quantiles of a side's steps that are kept.
SideName = Literal["before", "after"]
SIDES: tuple[SideName, ...] = get_args(SideName)
PairMetric = Literal["step", "seconds_per_image"]
PAIR_METRICS: tuple[PairMetric, ...] = get_args(PairMetric)
PairQuantile = Literal["min", "p10", "p25", "median"]
PAIR_QUANTILES: tuple[PairQuantile, ...] = get_args(PairQuantile)

# Results: how a visit ended, and what its warnings speak of.
Status = Literal["ok", "skipped", "oom", "timeout", "diverged", "failed"]
Part = Literal["phases", "relative cost", "timing", "training", "profile"]  # "timing": of all timed parts together
WarningKind = Literal[
    "not steady",
    "faulting",
    "contended",
    "throttled",
    "drifting",
    "denormals",
    "loss not finite",
    "uneven",
    "time limit",
    "target missed",
    "no profile",
]
Pooling = Literal["log_mean", "mean", "proportion", "once"]  # how repeats and seeds become one number

STATUSES: tuple[Status, ...] = get_args(Status)

Word = TypeVar("Word")


def word(value: Any, words: tuple[Word, ...]) -> Word:
    """The stored value, which must be one of the words.

    Raises:
        ValueError: it is none of them.

    """
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, words))}")
    return cast("Word", value)
