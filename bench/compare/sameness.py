"""Sameness: whether the second side computes what the first computes, by what workers of both say of their first steps.

Both sides answer with plain data (`bench.process.messages.StepResult`). In float64 the same function gives the same
numbers whatever its arithmetic is, so that this decides; the errors of either side against its own float64 then tell
whether the arithmetic is as good.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import isinf
from typing import Any

from bench.compare.log import ComparisonLog
from bench.compare.pairs import Side
from bench.compare.records import SamenessRecord
from bench.compare.sides import Comparison
from bench.compare.trace_difference import DIFFERENT, distance, first_difference
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.process import entries
from bench.process.messages import Figures, SameTask, StepResult
from bench.process.worker import Worker, WorkerError
from bench.text import joined, scientific
from bench.vocabulary import SIDES, Arithmetic, PairStage, Sameness

SECONDS = 240.0  # for an answer: a deep net takes 20 times as long in float64
SHARE = 0.5  # of a budget that may go into what the sides compute
# What may differ between two cells that are to compute the same.
ARITHMETIC = frozenset(
    (
        "threads", "device", "dtype", "fp32_precision", "denormals", "memory_format", "mode", "implementation",
        "accumulate",
    )
)  # fmt: skip
EPSILONS = 64  # of its type that a result may lie from float64
# How many times as far as the other side's a result may lie from float64. torch's batch normalization on channels_last
# is up to 530 times less exact than on contiguous images, and bfloat16 20,000 times less than float32.
ALIKE, APART = 64, 2048
FLOAT32 = 2.0**-23
COARSE = 0.25  # gradients of deep nets with batch normalization lie up to 0.1 from float64 where all is in order


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of setting two results beside each other.

    Attributes:
        sameness: in a word.
        reason: in a line.
        arithmetic: the one to look for the first difference in; None where there is none to look for.

    """

    sameness: Sameness
    reason: str
    arithmetic: Arithmetic | None = None


NO_TIME = Finding("not known", "the budget left no time to tell what it computes")


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the last answer has to be there, by the monotonic clock; None for no budget."""

    at: float | None = None

    @property
    def left(self) -> float:
        """Seconds for the next answer."""
        return SECONDS if self.at is None else min(SECONDS, self.at - time.monotonic())


def note_sameness(
    comparison: Comparison,
    log: ComparisonLog,
    begin: Callable[[PairStage, str], None] = lambda *_: None,
    *,
    required: bool,
    budget: float | None = None,
) -> None:
    """Ask both sides of each cell what they compute, and put what follows into the log.

    Args:
        comparison: the sides.
        log: of the comparison.
        begin: hears of each cell whose turn it is.
        required: whether a change is to fail the comparison.
        budget: seconds for the whole comparison, of which this takes SHARE at most; None for no end.

    """
    deadline = Deadline(None if budget is None else time.monotonic() + SHARE * budget)
    for cell, (before, after) in comparison.sides.items():
        if after.step is not None:
            continue  # it does not say what it computes
        begin("sameness", cell)
        finding, evidence = _asked(before, after, comparison.mute, deadline)
        log.note(SamenessRecord(cell, finding.sameness, finding.reason, evidence, required))


def _asked(before: Side, after: Side, mute: tuple[str, ...], deadline: Deadline) -> tuple[Finding, tuple[str, ...]]:
    """What both sides say of one cell, with the first difference as evidence."""
    if intended := other_by_intent(before.cell, after.cell):
        return Finding("changed", f"computes something else by intent: another {joined(intended)}"), ()
    if mute:
        return Finding("not known", f"{joined(mute)} cannot tell what it computes: it is of an older revision"), ()
    if deadline.left <= 0:
        return NO_TIME, ()
    alike = before.cell == after.cell
    tasks = [
        SameTask(cell=side.cell.to_dict(), data_dir=side.data_dir, dropout=alike or _draws_alike(before, after))
        for side in (before, after)
    ]
    try:
        with ExitStack() as stack:
            workers = [
                stack.enter_context(side.starter.start(entries.AB_SAME, task))
                for side, task in zip((before, after), tasks, strict=True)
            ]
            results: list[StepResult] = list(_answers(workers, "result", deadline))
            finding = with_flags(judged(results[0], results[1], alike=alike), results[0], results[1])
            return finding, tuple(_evidence(workers, finding.arithmetic, deadline))
    except WorkerError as ended:
        if ended.status == "timeout" and deadline.left <= 0:
            return NO_TIME, ()
        return Finding("not known", f"what it computes could not be told: {ended.reason}"), ()


def other_by_intent(before: Cell, after: Cell) -> list[str]:
    """The fields in which two cells differ that make other computations of them."""
    names = [axis for axis in AXES if axis not in ARITHMETIC]
    return [name.replace("_", " ") for name in names if getattr(before, name) != getattr(after, name)]


def _draws_alike(before: Side, after: Side) -> bool:
    """Whether dropout draws the same on both sides: what it draws hangs on layout, mode and device."""
    return all(
        getattr(before.cell, name) == getattr(after.cell, name)
        for name in ("device", "dtype", "memory_format", "mode", "accumulate")
    )


def judged(before: StepResult, after: StepResult, *, alike: bool) -> Finding:
    """What two results say; `alike` are sides whose arithmetic is meant to be the same, too."""
    for side, result in zip(SIDES, (before, after), strict=True):
        if result["spread"] > _allowed(result):
            spread = scientific(result["spread"])
            return Finding("not known", f"the side {side} does not compute the same twice: results lie {spread} apart")
    if before["bits"] == after["bits"]:
        return Finding("equal", "computes the same to the bit: losses, gradients and weights of the first steps")
    if before["exact"] is None or after["exact"] is None:
        return _by_own(before, after)
    figure, apart = _farthest(before["exact"], after["exact"])
    if apart > DIFFERENT["float64"]:
        return Finding(
            "changed", f"computes something else: in float64 the {figure} differ by {_share(apart)}", "float64"
        )
    if worse := _worse(before, after, ALIKE if alike else APART):
        return Finding("changed", f"computes something else: the same in float64, but {worse}", "own")
    again = "" if before["repeats"] and after["repeats"] else "; bits differ from one computation to the next"
    return Finding("float error", f"computes the same within float error{_errors(before, after)}{again}")


def with_flags(finding: Finding, before: StepResult, after: StepResult) -> Finding:
    """The finding, with the flags of torch that differ between the sides once their first steps are done."""
    flags = [result.get("flags", {}) for result in (before, after)]
    apart = [
        f"{name} {flags[0][name]} before, {value} after"
        for name, value in flags[1].items()
        if flags[0].get(name, value) != value
    ]
    return replace(finding, reason=f"{finding.reason}; flags differ: {joined(apart)}") if apart else finding


def _allowed(result: StepResult) -> float:
    """How far apart two computations of the same may be: in float64, or to half of the digits of the cell's type."""
    return DIFFERENT["float64"] if result["exact"] is not None else float(result["epsilon"] ** 0.5)


def _by_own(before: StepResult, after: StepResult) -> Finding:
    """Without float64: half of the digits have to agree."""
    name, apart = _farthest(before["own"], after["own"])
    allowed = max(_allowed(before), _allowed(after))
    how = "the net does not run in float64"
    if apart <= allowed:
        return Finding("float error", f"computes the same to half of its digits or more; {how}")
    return Finding("changed", f"computes something else: the {name} differ by {_share(apart)}; {how}", "own")


def _farthest(before: Figures, after: Figures) -> tuple[str, float]:
    """Which of the figures differ most, and by how much."""
    apart = {
        "losses": distance(before["losses"], after["losses"]),
        "gradients": distance(before["gradients"], after["gradients"]),
        "updates of the weights": distance(before["update"], after["update"]),
    }
    return max(apart.items(), key=lambda item: item[1])


def _worse(before: StepResult, after: StepResult, times: float) -> str:
    """Which result lies farther from its float64 than its type and the other side explain; "" where none does."""
    sides = {"before": (before, after), "after": (after, before)}
    for side, (result, other) in sides.items():
        for name, error in result["errors"].items():
            if name not in other["errors"]:
                continue
            narrow = name != "update" or result.get("pure", False)  # else the weights are of float32
            epsilon = result["epsilon"] if narrow else FLOAT32
            allowed = (EPSILONS * epsilon, times * other["errors"][name], COARSE * (name in ("loss", "gradient")))
            if error > max(allowed):
                theirs = scientific(other["errors"][name])
                return f"the {name} {side} lies {scientific(error)} from it, that of the other side {theirs}"
    return ""


def _errors(before: StepResult, after: StepResult) -> str:
    """How far the outputs and gradients of both sides lie from float64."""
    pairs = [
        f"{name}s {scientific(before['errors'][name])} and {scientific(after['errors'][name])}"
        for name in ("output", "gradient")
        if name in before["errors"] and name in after["errors"]
    ]
    return f": {', '.join(pairs)} from float64 (before and after)" if pairs else ""


def _evidence(workers: list[Worker], arithmetic: Arithmetic | None, deadline: Deadline) -> Iterator[str]:
    """The first operator whose output differs, and the weights that did from the start."""
    for worker in workers:
        worker.send(arithmetic)
    if arithmetic is not None:
        before, after = _answers(workers, "trace", deadline)
        yield from first_difference(before, after, arithmetic)


def _answers(workers: list[Worker], kind: str, deadline: Deadline) -> Iterator[Any]:
    """What each worker says next, which must be of that kind."""
    for side, worker in zip(SIDES, workers, strict=True):
        heard, payload = worker.receive(deadline.left) or ("nothing", None)
        if heard != kind:
            reason = str(payload) if heard == "failed" else f"the worker said {heard} where {kind} was due"
            raise WorkerError("failed", f"{side}: {reason}")
        yield payload


def _share(apart: float) -> str:
    return "their number" if isinf(apart) else f"{scientific(apart)} of their norm"
