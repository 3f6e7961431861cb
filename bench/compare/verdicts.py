"""Judge: what is said of each cell of a comparison, of all together, and why: a pure function of the ledger."""

import math

import numpy as np

from bench.compare.differences import counted, timed
from bench.compare.log import Ledger, Story
from bench.compare.outcome import Settled, settle
from bench.stats.multiple_testing import RATE
from bench.stats.sequential_test import ALPHA, LOOKS, Look, common_tolerance
from bench.text import percent
from bench.verdict.verdict import Decision, Verdict

CONFIDENCE = 1 - 2 * ALPHA / len(LOOKS)  # of the two-sided interval that the one-sided looks draw
QUIETER = "repeat it when the machine is quiet (python -m bench doctor)"
AGAIN = "repeat it"
EARLY = {"": "it ended", "out of time": "the budget was spent", "interrupted": "it was interrupted"}

Judgement = tuple[str, str, str]  # verdict, reason, remedy


def decide(ledger: Ledger) -> Decision:
    """What the numbers say."""
    facts = ledger.facts
    cells, together = settle(ledger)
    verdicts = [_of_cell(story, ledger, cells[story.cell]) for story in ledger.stories.values()]
    if together is not None:
        count = sum(not story.failed for story in ledger.stories.values())
        verdicts.append(_of_all(ledger, together, count, any(one.verdict == "regressed" for one in verdicts)))
    contended = [
        f"contended: the reference of {name} ran {one.contention:.0%} slower than at its best"
        for name, one in cells.items()
        if one.contended
    ]
    return Decision(
        kind="ab",
        before=facts["before"]["label"],
        after=facts["after"]["label"],
        verdicts=(*verdicts, *(Verdict.from_dict(one) for one in facts["aside"])),
        machine=facts["machine"],
        notes=(*facts["notes"], *contended),
        command=facts["command"],
        record=str(ledger.path or ""),
        started=facts["started"],
        seconds=ledger.seconds,
        interrupted=ledger.ended,
    )


def _of_cell(story: Story, ledger: Ledger, found: Settled) -> Verdict:
    """One cell's verdict."""
    metric = ledger.facts["metric"]
    if story.failed:
        return _of_failed(story, metric)
    verdict, reason, remedy = _judged(found, ledger, ledger.facts["tolerance"])
    pairs = [pair for run in (1, 2) for pair in story.pairs[run]]
    telling = found.first is not None and (found.first.outcome == "fail" or verdict == "improved")
    return Verdict(
        cell=story.cell,
        metric=metric,
        verdict=verdict,
        unit="s",
        statistic=story.statistic,
        before=float(np.median([pair["before"] for pair in pairs])) if pairs else None,
        after=float(np.median([pair["after"] for pair in pairs])) if pairs else None,
        ratio=found.shown.ratio if found.shown else None,
        confidence=CONFIDENCE if found.shown else None,
        tolerance=ledger.facts["tolerance"],
        visible=found.shown.visible if found.shown else None,
        reason=reason,
        remedy=remedy,
        evidence=(*counted(story), *(timed(story) if telling else ())),
    )


def _of_failed(story: Story, metric: str) -> Verdict:
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


def _of_all(ledger: Ledger, found: Settled, count: int, regressed: bool) -> Verdict:
    """The verdict on the geometric mean over the cells."""
    allowed = common_tolerance(ledger.facts["tolerance"], count)
    verdict, reason, remedy = _judged(found, ledger, allowed)
    if verdict == "inconclusive" and regressed and found.second is None:
        reason, remedy = f"{reason}; the cell that regressed decides", "see that cell"
    assert found.shown is not None
    return Verdict(
        cell=f"geometric mean of {count} cells",
        metric=ledger.facts["metric"],
        verdict=verdict,
        statistic=", ".join(sorted({story.statistic for story in ledger.stories.values()} - {""})),
        ratio=found.shown.ratio,
        confidence=CONFIDENCE,
        tolerance=allowed,
        visible=found.shown.visible,
        reason=reason,
        remedy=remedy,
    )


def _judged(found: Settled, ledger: Ledger, tolerance: float) -> Judgement:
    """Verdict, reason and remedy of what was measured."""
    first = found.first
    if first is None:
        why = f"{EARLY[ledger.ended]} before the {LOOKS[0]} pairs that the first look takes"
        return "inconclusive", why, _go_on(ledger)
    if first.outcome == "pass":
        return _passed(first, tolerance)
    if first.outcome == "fail":
        return _slower(found, ledger, first)
    said = f"; {EARLY[ledger.ended]}" if ledger.ended else ""
    why = f"{_signed(first)} after {first.n} pairs{said}; a slowdown of {percent(first.visible)} would have been seen"
    wider = f"{QUIETER}, or allow --tolerance {math.ceil(first.visible * 100)}%"
    return "inconclusive", why, _go_on(ledger) if ledger.ended else wider


def _passed(found: Look, tolerance: float) -> Judgement:
    if found.mean + found.half < 0:
        return "improved", f"faster by {percent(1 - found.ratio.value)}, {_signed(found)}", ""
    if found.mean - found.half > 0:
        why = f"slower by {percent(found.ratio.value - 1)}, within the tolerance of {percent(tolerance)}"
        return "unchanged", why, ""
    return "unchanged", f"{_signed(found)}: any slowdown is below the tolerance of {percent(tolerance)}", ""


def _slower(found: Settled, ledger: Ledger, first: Look) -> Judgement:
    """A first run failed: only a second one makes it a regression, on a machine that was quiet enough."""
    second, once = found.second, f"slower by {_change(first)} in a first run"
    if second is None:
        why = f"{once}; {EARLY[ledger.ended]} before a second, independent one could tell"
        return "inconclusive", why, _go_on(ledger)
    if not found.lost:
        why = f"{once}, which a second, independent one ({_signed(second)}) does not confirm"
        return "inconclusive", why, AGAIN
    twice = f"slower by {_change(second)} in a second, independent run too"
    if found.contended:
        why = f"{twice}, but the reference itself ran {found.contention:.0%} slower than at its best"
        return "inconclusive", why, QUIETER
    if not found.stands:
        why = f"{twice}, but among so many cells that may be chance (at most {RATE:.0%} false ones are allowed)"
        return "inconclusive", why, "compare this cell alone"
    return "regressed", twice, "see what differs, or accept it"


def _go_on(ledger: Ledger) -> str:
    return "give a longer --budget" if ledger.ended == "out of time" else AGAIN


def _change(found: Look) -> str:
    """A slowdown with its interval: "9.8 % (7.1 to 12.6 %)"."""
    low, high = (np.expm1(found.mean + sign * found.half) for sign in (-1, 1))
    return f"{percent(found.ratio.value - 1)} ({low * 100:.1f} to {high * 100:.1f} %)"


def _signed(found: Look) -> str:
    """The interval of a change: "-1.2 to +0.7 %"."""
    low, high = (np.expm1(found.mean + sign * found.half) for sign in (-1, 1))
    return f"{low * 100:+.1f} to {high * 100:+.1f} %"
