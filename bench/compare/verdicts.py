"""Verdicts: what a comparison says of each cell, of all together, and why: pure functions of its log."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.compare.costs import cost_verdicts
from bench.compare.differences import counted, timed
from bench.compare.facts import ComparisonFacts
from bench.compare.log import CellLog, ComparisonLog
from bench.compare.outcome import Outcome, outcomes_of
from bench.compare.result import with_results
from bench.stats.geometric_mean import COMMON_ALPHA, common_tolerance
from bench.stats.sequential_test import ALPHA, LOOKS, Look
from bench.stats.visible_slowdown import visible_common_slowdown, visible_slowdown
from bench.text import joined, percent, plural, signed_range, tenths
from bench.verdict.verdict import MEAN, Decision, Verdict
from bench.verdict.versions import differing
from bench.vocabulary import Ending, VerdictWord

# What the intervals hold at least: Bonferroni over the looks of a cell; the mean over cells is looked at once.
CONFIDENCE, COMMON_CONFIDENCE = 1 - 2 * ALPHA, 1 - 2 * COMMON_ALPHA
QUIETER = "repeat it when the machine is quiet (python -m bench doctor)"
AGAIN = "repeat it"
LOCK = "lock the GPU's clock (nvidia-smi --lock-gpu-clocks), and repeat it"
MOST_NOTES = 10  # on contended cells
EARLY: Mapping[Ending, str] = {
    "": "it ended",
    "out of time": "the budget was spent",
    "interrupted": "it was interrupted",
}


class Judgement(NamedTuple):
    """What is said of a cell or of all: the verdict, why, and what to do."""

    verdict: VerdictWord
    reason: str
    remedy: str = ""


def decide(log: ComparisonLog, *, same_result: bool = False, same_costs: bool = False) -> Decision:
    """What the numbers say.

    With `same_result` a side that computes something else fails even if the log says no, and with `same_costs` one that
    takes more memory or has higher counts.
    """
    facts = log.facts
    cells, together = outcomes_of(log)
    verdicts = [_of_cell(cell_log, log, cells[cell_log.cell]) for cell_log in log.cell_logs.values()]
    if together is not None:
        count = sum(not cell_log.failed for cell_log in log.cell_logs.values())
        verdicts.append(_of_all(log, together, count, {verdict.verdict for verdict in verdicts}))
    required = same_costs or facts.same_costs
    costs = (verdict for each in log.cell_logs.values() for verdict in cost_verdicts(each, required=required))
    return Decision(
        kind="ab",
        before=facts.before.label,
        after=facts.after.label,
        verdicts=(*with_results(verdicts, log, same_result=same_result), *costs, *facts.unmatched),
        machine=facts.machine,
        versions=differing(facts.before.installed, facts.after.installed),
        notes=(*facts.notes, *_contended(cells), *_throttled(log)),
        command=facts.command,
        record=str(log.path or ""),
        started=facts.started,
        seconds=log.seconds,
        interrupted=log.ended,
    )


def _contended(cells: Mapping[str, Outcome]) -> list[str]:
    """A note for each cell that ran contended, the first few of many."""
    notes = [f"contended: {name}: {cell.disturbed}" for name, cell in cells.items() if cell.disturbed]
    more = len(notes) - MOST_NOTES
    return notes if more <= 0 else [*notes[:MOST_NOTES], f"contended: {plural(more, 'more cell')}"]


def _throttled(log: ComparisonLog) -> list[str]:
    """A note where blocks were dropped since a GPU's clock was held down."""
    dropped = {name: sum(pair.dropped for pair in each.every_pair) for name, each in log.cell_logs.items()}
    cells = [f"{name} ({plural(count, 'block')})" for name, count in dropped.items() if count]
    return [f"throttled, dropped and measured again: {joined(cells, most=MOST_NOTES)}"] if cells else []


def _of_cell(cell_log: CellLog, log: ComparisonLog, outcome: Outcome) -> Verdict:
    """One cell's verdict."""
    facts, shown = log.facts, outcome.shown
    if cell_log.failed:
        return _of_failed(cell_log, facts)
    visible = visible_slowdown(shown, facts.tolerance) if shown else 0.0
    verdict, reason, remedy = _judged(outcome, log, facts.tolerance, visible)
    slowed = outcome.first is not None and outcome.first.outcome == "fail"
    pairs = cell_log.pairs[2 if outcome.lost else 1][: shown.n if shown else None]  # those of the ratio that is shown
    return Verdict(
        cell=cell_log.cell,
        metric=facts.metric,
        verdict=verdict,
        unit="s",
        statistic=cell_log.statistic or "",
        before=_typical(pair.before for pair in pairs),
        after=_typical(pair.after for pair in pairs),
        ratio=shown.ratio if shown else None,
        confidence=CONFIDENCE if shown else None,
        tolerance=facts.tolerance,
        visible=visible or None,
        reason=reason,
        remedy=remedy,
        evidence=(*counted(cell_log), *(timed(cell_log) if slowed or verdict == "improved" else ())),
    )


def _typical(seconds: Iterable[float]) -> float | None:
    """The geometric mean, whose ratio is that of the mean log ratio; None of nothing."""
    values = list(seconds)
    return float(np.exp(np.mean(np.log(values)))) if values else None


def _of_failed(cell_log: CellLog, facts: ComparisonFacts) -> Verdict:
    """A side cannot run the cell: new code alone has lost something, else there is nothing to compare with."""
    lost = "before" not in cell_log.failed and not facts.after.installed  # another interpreter is no new code
    why = "; ".join(f"{side}: {reason}" for side, reason in cell_log.failed.items())
    return Verdict(
        cell=cell_log.cell,
        metric=facts.metric,
        verdict="failed" if lost else "not comparable",
        reason=f"it ran before, and fails after: {cell_log.failed['after']}"
        if lost
        else f"it cannot be measured {why}",
        remedy="mend it, or leave the cell out",
        evidence=counted(cell_log),
    )


def _of_all(log: ComparisonLog, outcome: Outcome, count: int, cells: set[VerdictWord]) -> Verdict:
    """The verdict on the geometric mean over the cells, whose own verdicts are known."""
    shown, tolerance = outcome.shown, log.facts.tolerance
    assert shown is not None
    visible = visible_common_slowdown(shown, tolerance, count)
    verdict, reason, remedy = _judged(outcome, log, tolerance, visible)
    if verdict == "inconclusive" and outcome.first is not None and outcome.first.outcome != "fail":
        if cells <= {"unchanged", "improved"}:
            verdict, remedy = "unchanged", ""
            reason = f"{_signed(shown)}: each cell by itself is within the tolerance of {percent(tolerance)}"
    elif verdict == "inconclusive" and "regressed" in cells and outcome.second is None:
        reason, remedy = f"{reason}; the cell that regressed decides", "see that cell"
    return Verdict(
        cell=f"{MEAN}{count} cells",
        metric=log.facts.metric,
        verdict=verdict,
        statistic=", ".join(sorted({cell_log.statistic for cell_log in log.cell_logs.values() if cell_log.statistic})),
        ratio=shown.ratio,
        confidence=COMMON_CONFIDENCE,
        tolerance=common_tolerance(tolerance, count),
        visible=visible,
        reason=reason,
        remedy=remedy,
    )


def _judged(outcome: Outcome, log: ComparisonLog, tolerance: float, visible: float) -> Judgement:
    """Verdict, reason and remedy of what was measured."""
    first = outcome.first
    if first is None:
        why = f"{EARLY[log.ended]} before the {LOOKS[0]} pairs that the first look takes"
        return Judgement("inconclusive", why, _go_on(outcome, log))
    if first.outcome == "pass":
        return _passed(outcome, first, tolerance)
    if first.outcome == "fail":
        return _slower(outcome, log, first)
    early = f"; {EARLY[log.ended]}" if log.ended else ""
    why = (
        f"{_signed(first)} after {first.n} pairs{early}; amid such noise a slowdown of {percent(visible)} is found "
        "nine times in ten"
    )
    wider = f"{QUIETER}, or allow --tolerance {math.ceil(visible * 100)}%"
    return Judgement("inconclusive", why, _go_on(outcome, log) if log.ended else wider)


def _passed(outcome: Outcome, look: Look, tolerance: float) -> Judgement:
    """A first run passed: that stands as far as contention cannot have made it."""
    slowest = look.mean + look.half + outcome.doubt
    if slowest < 0:
        if not outcome.holds_in_cycles:
            return Judgement("inconclusive", f"{_signed(look)}{_but_in_cycles(outcome)}", LOCK)
        return Judgement("improved", f"faster by {percent(1 - look.ratio.value)}, {_signed(look)} by one run")
    if slowest >= np.log1p(tolerance):
        return Judgement("inconclusive", f"{_signed(look)}, but {outcome.disturbed}", QUIETER)
    if look.mean - look.half > 0:
        why = f"slower by {percent(look.ratio.value - 1)}, within the tolerance of {percent(tolerance)}"
        return Judgement("unchanged", why)
    return Judgement("unchanged", f"{_signed(look)}: any slowdown is below the tolerance of {percent(tolerance)}")


def _slower(outcome: Outcome, log: ComparisonLog, first: Look) -> Judgement:
    """A first run failed: a second one has to make it a regression, larger than contention can have made it."""
    second, once = outcome.second, f"slower by {_change(first)} in a first run"
    if second is None:
        why = f"{once}; {EARLY[log.ended]} before a second, independent one could tell"
        return Judgement("inconclusive", why, _go_on(outcome, log))
    if not outcome.lost:
        why = f"{once}, which a second, independent one ({_signed(second)}) does not confirm"
        return Judgement("inconclusive", why, AGAIN)
    twice = f"slower by {_change(second)} in a second, independent run too"
    if second.mean - second.half <= outcome.doubt:
        return Judgement("inconclusive", f"{twice}, but {outcome.disturbed}", QUIETER)
    if not outcome.holds_in_cycles:
        return Judgement("inconclusive", f"{twice}{_but_in_cycles(outcome)}", LOCK)
    return Judgement("regressed", twice, "see what differs, or accept it")


def _but_in_cycles(outcome: Outcome) -> str:
    """That the same work took no other number of cycles, so that the clock made the difference."""
    return f", but {_signed(outcome.cycles)} in cycles of the GPU's clock" if outcome.cycles else ""


def _go_on(outcome: Outcome, log: ComparisonLog) -> str:
    """What helps where it ended early: more time is of little use beside other work."""
    if outcome.disturbed:
        return QUIETER
    return "give a longer --budget" if log.ended == "out of time" else AGAIN


def _change(look: Look) -> str:
    """A slowdown with its interval: "9.8 % (7.1 % to 12.6 %)"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return f"{percent(look.ratio.value - 1)} ({tenths(low)} to {tenths(high)})"


def _signed(look: Look) -> str:
    """The interval of a change: "-1.2 to +0.7 %"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return signed_range(low, high)
