"""Decisions: a verdict that says all it can, and what several verdicts make."""

from bench.stats.interval import Interval
from bench.verdict.verdict import Decision, Verdict

SLOWER = Verdict(
    cell="lenet5-sgd-mnist-b64-cpu-t1",
    metric="step",
    verdict="regressed",
    unit="s",
    statistic="p25",
    before=0.004,
    after=0.0044,
    ratio=Interval(1.1, 1.07, 1.13, 6),
    confidence=0.996,
    tolerance=0.05,
    visible=0.042,
    reason="slower by 10 %",
    remedy="see what differs",
    evidence=("operators_backward 51 -> 63",),
    suspect=True,
)


def verdict(word, cell="a", **more):
    """A verdict on the step of a cell."""
    return Verdict(**{"cell": cell, "metric": "step", "verdict": word, **more})


def decision(*verdicts, **more):
    """The decision of an A/B with these verdicts."""
    fields = {"kind": "ab", "before": "HEAD~1", "after": "the working tree", "command": "python -m bench ab HEAD~1"}
    return Decision(verdicts=verdicts, **{**fields, **more})
