"""Judge: what is said of each cell of a comparison, of all together, and why: a pure function of the ledger."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.compare.differences import counted, timed
from bench.compare.log import Ledger, Story
from bench.compare.outcome import Settled, settle
from bench.stats.multiple_testing import RATE
from bench.stats.sequential_test import ALPHA, LOOKS, Look, common_tolerance
from bench.text import percent
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


def decide(ledger: Ledger) -> Decision:
    """What the numbers say."""
    facts = ledger.facts
    cells, together = settle(ledger)
    verdicts = [_of_cell(story, ledger, cells[story.cell]) for story in ledger.stories.values()]
    if together is not None:
        count = sum(not story.failed for story in ledger.stories.values())
        regressed = any(verdict.verdict == "regressed" for verdict in verdicts)
        verdicts.append(_of_all(ledger, together, count, regressed))
    contended = [
        f"contended: the reference of {name} ran {cell.contention:.0%} slower than at its best"
        for name, cell in cells.items()
        if cell.contended
    ]
    return Decision(
        kind="ab",
        before=facts.before.label,
        after=facts.after.label,
        verdicts=(*verdicts, *facts.aside),
        machine=facts.machine,
        notes=(*facts.notes, *contended),
        command=facts.command,
        record=str(ledger.path or ""),
        started=facts.started,
        seconds=ledger.seconds,
        interrupted=ledger.ended,
    )


def _of_cell(story: Story, ledger: Ledger, settled: Settled) -> Verdict:
    """One cell's verdict."""
    facts, shown = ledger.facts, settled.shown
    if story.failed:
        return _of_failed(story, facts.metric)
    verdict, reason, remedy = _judged(settled, ledger, facts.tolerance)
    slowed = settled.first is not None and settled.first.outcome == "fail"
    return Verdict(
        cell=story.cell,
        metric=facts.metric,
        verdict=verdict,
        unit="s",
        statistic=story.statistic or "",
        before=_median(pair.before for pair in story.every_pair),
        after=_median(pair.after for pair in story.every_pair),
        ratio=shown.ratio if shown else None,
        confidence=CONFIDENCE if shown else None,
        tolerance=facts.tolerance,
        visible=shown.visible if shown else None,
        reason=reason,
        remedy=remedy,
        evidence=(*counted(story), *(timed(story) if slowed or verdict == "improved" else ())),
    )


def _median(seconds: Iterable[float]) -> float | None:
    """The middle one; None of nothing."""
    values = list(seconds)
    return float(np.median(values)) if values else None


def _of_failed(story: Story, metric: PairMetric) -> Verdict:
    """A side cannot run the cell: the new one alone has lost something, else there is nothing to compare with."""
    lost = "before" not in story.failed
    why = "; ".join(f"{side}: {reason}" for side, reason in story.failed.items())
    return Verdict(
        cell=story.cell,
        metric=metric,
        verdict="failed" if lost else "not comparable",
        reason=f"it ran before, and fails after: {story.failed['after']}" if lost else f"it cannot be measured {why}",
        remedy="mend it, or leave the cell out",
        evidence=counted(story),
    )


def _of_all(ledger: Ledger, settled: Settled, count: int, regressed: bool) -> Verdict:
    """The verdict on the geometric mean over the cells."""
    allowed = common_tolerance(ledger.facts.tolerance, count)
    verdict, reason, remedy = _judged(settled, ledger, allowed)
    if verdict == "inconclusive" and regressed and settled.second is None:
        reason, remedy = f"{reason}; the cell that regressed decides", "see that cell"
    assert settled.shown is not None
    return Verdict(
        cell=f"geometric mean of {count} cells",
        metric=ledger.facts.metric,
        verdict=verdict,
        statistic=", ".join(sorted({story.statistic for story in ledger.stories.values() if story.statistic})),
        ratio=settled.shown.ratio,
        confidence=CONFIDENCE,
        tolerance=allowed,
        visible=settled.shown.visible,
        reason=reason,
        remedy=remedy,
    )


def _judged(settled: Settled, ledger: Ledger, tolerance: float) -> Judgement:
    """Verdict, reason and remedy of what was measured."""
    first = settled.first
    if first is None:
        why = f"{EARLY[ledger.ended]} before the {LOOKS[0]} pairs that the first look takes"
        return Judgement("inconclusive", why, _go_on(ledger))
    if first.outcome == "pass":
        return _passed(first, tolerance)
    if first.outcome == "fail":
        return _slower(settled, ledger, first)
    early = f"; {EARLY[ledger.ended]}" if ledger.ended else ""
    why = f"{_signed(first)} after {first.n} pairs{early}; a slowdown of {percent(first.visible)} would have been seen"
    wider = f"{QUIETER}, or allow --tolerance {math.ceil(first.visible * 100)}%"
    return Judgement("inconclusive", why, _go_on(ledger) if ledger.ended else wider)


def _passed(look: Look, tolerance: float) -> Judgement:
    if look.mean + look.half < 0:
        return Judgement("improved", f"faster by {percent(1 - look.ratio.value)}, {_signed(look)}")
    if look.mean - look.half > 0:
        why = f"slower by {percent(look.ratio.value - 1)}, within the tolerance of {percent(tolerance)}"
        return Judgement("unchanged", why)
    return Judgement("unchanged", f"{_signed(look)}: any slowdown is below the tolerance of {percent(tolerance)}")


def _slower(settled: Settled, ledger: Ledger, first: Look) -> Judgement:
    """A first run failed: only a second one makes it a regression, on a machine that was quiet enough."""
    second, once = settled.second, f"slower by {_change(first)} in a first run"
    if second is None:
        why = f"{once}; {EARLY[ledger.ended]} before a second, independent one could tell"
        return Judgement("inconclusive", why, _go_on(ledger))
    if not settled.lost:
        why = f"{once}, which a second, independent one ({_signed(second)}) does not confirm"
        return Judgement("inconclusive", why, AGAIN)
    twice = f"slower by {_change(second)} in a second, independent run too"
    if settled.contended:
        why = f"{twice}, but the reference itself ran {settled.contention:.0%} slower than at its best"
        return Judgement("inconclusive", why, QUIETER)
    if not settled.stands:
        why = f"{twice}, but among so many cells that may be chance (at most {RATE:.0%} false ones are allowed)"
        return Judgement("inconclusive", why, "compare this cell alone")
    return Judgement("regressed", twice, "see what differs, or accept it")


def _go_on(ledger: Ledger) -> str:
    return "give a longer --budget" if ledger.ended == "out of time" else AGAIN


def _change(look: Look) -> str:
    """A slowdown with its interval: "9.8 % (7.1 to 12.6 %)"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return f"{percent(look.ratio.value - 1)} ({low * 100:.1f} to {high * 100:.1f} %)"


def _signed(look: Look) -> str:
    """The interval of a change: "-1.2 to +0.7 %"."""
    low, high = (np.expm1(look.mean + sign * look.half) for sign in (-1, 1))
    return f"{low * 100:+.1f} to {high * 100:+.1f} %"
