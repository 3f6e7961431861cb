"""Verdicts: what a comparison says of each cell, of all together, and why: pure functions of its log."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.compare.differences import counted, timed
from bench.compare.log import CellLog, ComparisonLog
from bench.compare.outcome import Outcome, outcomes_of
from bench.compare.result import with_results
from bench.stats.multiple_testing import RATE
from bench.stats.sequential_test import ALPHA, LOOKS, Look, common_tolerance
from bench.text import percent, signed_range, tenths
from bench.verdict.verdict import Decision, Verdict
from bench.vocabulary import Ending, PairMetric, VerdictWord

CONFIDENCE = 1 - 2 * ALPHA / len(LOOKS)  # of the two-sided interval that the one-sided looks draw
QUIETER = "repeat it when the machine is quiet (python -m bench doctor)"
AGAIN = "repeat it"
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


def decide(log: ComparisonLog, *, same_result: bool = False) -> Decision:
    """What the numbers say; with `same_result`, a side that computes something else fails even if the log says no."""
    facts = log.facts
    cells, together = outcomes_of(log)
    verdicts = [_of_cell(cell_log, log, cells[cell_log.cell]) for cell_log in log.cell_logs.values()]
    if together is not None:
        count = sum(not cell_log.failed for cell_log in log.cell_logs.values())
        regressed = any(verdict.verdict == "regressed" for verdict in verdicts)
        verdicts.append(_of_all(log, together, count, regressed))
    contended = [
        f"contended: the reference of {name} ran {percent(cell.contention)} slower than at its best"
        for name, cell in cells.items()
        if cell.contended
    ]
    return Decision(
        kind="ab",
        before=facts.before.label,
        after=facts.after.label,
        verdicts=(*with_results(verdicts, log, same_result=same_result), *facts.unmatched),
        machine=facts.machine,
        notes=(*facts.notes, *contended),
        command=facts.command,
        record=str(log.path or ""),
        started=facts.started,
        seconds=log.seconds,
        interrupted=log.ended,
    )


def _of_cell(cell_log: CellLog, log: ComparisonLog, outcome: Outcome) -> Verdict:
    """One cell's verdict."""
    facts, shown = log.facts, outcome.shown
    if cell_log.failed:
        return _of_failed(cell_log, facts.metric)
    verdict, reason, remedy = _judged(outcome, log, facts.tolerance)
    slowed = outcome.first is not None and outcome.first.outcome == "fail"
    return Verdict(
        cell=cell_log.cell,
        metric=facts.metric,
        verdict=verdict,
        unit="s",
        statistic=cell_log.statistic or "",
        before=_median(pair.before for pair in cell_log.every_pair),
        after=_median(pair.after for pair in cell_log.every_pair),
        ratio=shown.ratio if shown else None,
        confidence=CONFIDENCE if shown else None,
        tolerance=facts.tolerance,
        visible=shown.visible if shown else None,
        reason=reason,
        remedy=remedy,
        evidence=(*counted(cell_log), *(timed(cell_log) if slowed or verdict == "improved" else ())),
    )


def _median(seconds: Iterable[float]) -> float | None:
    """The middle one; None of nothing."""
    values = list(seconds)
    return float(np.median(values)) if values else None


def _of_failed(cell_log: CellLog, metric: PairMetric) -> Verdict:
    """A side cannot run the cell: the new one alone has lost something, else there is nothing to compare with."""
    lost = "before" not in cell_log.failed
    why = "; ".join(f"{side}: {reason}" for side, reason in cell_log.failed.items())
    return Verdict(
        cell=cell_log.cell,
        metric=metric,
        verdict="failed" if lost else "not comparable",
        reason=f"it ran before, and fails after: {cell_log.failed['after']}"
        if lost
        else f"it cannot be measured {why}",
        remedy="mend it, or leave the cell out",
        evidence=counted(cell_log),
    )


def _of_all(log: ComparisonLog, outcome: Outcome, count: int, regressed: bool) -> Verdict:
    """The verdict on the geometric mean over the cells."""
    allowed = common_tolerance(log.facts.tolerance, count)
    verdict, reason, remedy = _judged(outcome, log, allowed)
    if verdict == "inconclusive" and regressed and outcome.second is None:
        reason, remedy = f"{reason}; the cell that regressed decides", "see that cell"
    assert outcome.shown is not None
    return Verdict(
        cell=f"geometric mean of {count} cells",
        metric=log.facts.metric,
        verdict=verdict,
        statistic=", ".join(sorted({cell_log.statistic for cell_log in log.cell_logs.values() if cell_log.statistic})),
        ratio=outcome.shown.ratio,
        confidence=CONFIDENCE,
        tolerance=allowed,
        visible=outcome.shown.visible,
        reason=reason,
        remedy=remedy,
    )


def _judged(outcome: Outcome, log: ComparisonLog, tolerance: float) -> Judgement:
    """Verdict, reason and remedy of what was measured."""
    first = outcome.first
    if first is None:
        why = f"{EARLY[log.ended]} before the {LOOKS[0]} pairs that the first look takes"
        return Judgement("inconclusive", why, _go_on(log))
    if first.outcome == "pass":
        return _passed(first, tolerance)
    if first.outcome == "fail":
        return _slower(outcome, log, first)
    early = f"; {EARLY[log.ended]}" if log.ended else ""
    why = f"{_signed(first)} after {first.n} pairs{early}; a slowdown of {percent(first.visible)} would have been seen"
    wider = f"{QUIETER}, or allow --tolerance {math.ceil(first.visible * 100)}%"
    return Judgement("inconclusive", why, _go_on(log) if log.ended else wider)


def _passed(look: Look, tolerance: float) -> Judgement:
    if look.mean + look.half < 0:
        return Judgement("improved", f"faster by {percent(1 - look.ratio.value)}, {_signed(look)}")
    if look.mean - look.half > 0:
        why = f"slower by {percent(look.ratio.value - 1)}, within the tolerance of {percent(tolerance)}"
        return Judgement("unchanged", why)
    return Judgement("unchanged", f"{_signed(look)}: any slowdown is below the tolerance of {percent(tolerance)}")


def _slower(outcome: Outcome, log: ComparisonLog, first: Look) -> Judgement:
    """A first run failed: only a second one makes it a regression, on a machine that was quiet enough."""
    second, once = outcome.second, f"slower by {_change(first)} in a first run"
    if second is None:
        why = f"{once}; {EARLY[log.ended]} before a second, independent one could tell"
        return Judgement("inconclusive", why, _go_on(log))
    if not outcome.lost:
        why = f"{once}, which a second, independent one ({_signed(second)}) does not confirm"
        return Judgement("inconclusive", why, AGAIN)
    twice = f"slower by {_change(second)} in a second, independent run too"
    if outcome.contended:
        why = f"{twice}, but the reference itself ran {percent(outcome.contention)} slower than at its best"
        return Judgement("inconclusive", why, QUIETER)
    if not outcome.stands:
        why = f"{twice}, but among so many cells that may be chance (at most {percent(RATE)} false ones are allowed)"
        return Judgement("inconclusive", why, "compare this cell alone")
    return Judgement("regressed", twice, "see what differs, or accept it")


def _go_on(log: ComparisonLog) -> str:
    return "give a longer --budget" if log.ended == "out of time" else AGAIN


def _change(look: Look) -> str:
    """A slowdown with its interval: "9.8 % (7.1 % to 12.6 %)"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return f"{percent(look.ratio.value - 1)} ({tenths(low)} to {tenths(high)})"


def _signed(look: Look) -> str:
    """The interval of a change: "-1.2 to +0.7 %"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return signed_range(low, high)
