"""Vocabulary: the closed sets of words that stand in recorded files."""

from typing import Literal, get_args

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
