"""Cost: a cell's relative cost against its latest segment: the prediction of the next reading, and the anchor.

A rise is only a suspect, beyond either: what creeps is within each prediction, and beyond the anchor in the end.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from bench.regression.beside import beside
from bench.regression.segment import Segment
from bench.stats.interval import Interval
from bench.stats.prediction import SCREEN, SURE, Move, Prediction, moved, predict
from bench.store.summary import CellSummary
from bench.text import percent, plural, signed, tenths
from bench.verdict.verdict import Anchor, Verdict

COARSEST = 0.20  # a stored series that shows no slowdown of 20 % says nothing


def judge_cost(new: CellSummary, segment: Segment | None, tolerance: float) -> Verdict:
    """The relative cost against the accepted runs of the segment."""
    if new.log_cost is None or segment is None:
        where = "this run" if new.log_cost is None else "the baseline"
        reason = f"no cost relative to the reference in {where}: plain times of different hours do not compare"
        return Verdict(cell=new.id, metric="relative_cost", verdict="inconclusive", reason=reason)
    since = moved([*segment.logs, new.log_cost], segment.spread)
    expected = predict(segment.logs, segment.spread)
    mean = float(np.mean(segment.logs)) if expected is None else expected.mean
    move = new.log_cost - mean
    verdict = Verdict(
        cell=new.id,
        metric="relative_cost",
        verdict="unchanged",
        statistic="p10",
        before=float(np.exp(mean)),
        after=float(np.exp(new.log_cost)),
        ratio=Interval(float(np.exp(move)), None, None, len(segment.logs)),
        tolerance=tolerance,
        anchor=_anchor(segment, since, float(np.log1p(tolerance))),
    )
    if expected is None:
        return replace(
            verdict,
            verdict="inconclusive",
            reason=f"{_moved(move)}, but {plural(len(segment.logs), 'stored run')} cannot tell how much runs differ",
            remedy=f"accept {segment.missing} more (python -m bench baseline save), or compare revisions"
            f"{beside(new, segment.latest)}",
        )
    value, low, high = (float(np.exp(move + by)) for by in (0, -expected.half, expected.half))
    verdict = replace(
        verdict,
        ratio=Interval(value, low, high, expected.n),
        confidence=2 * SCREEN - 1,
        visible=expected.visible,
    )
    return _judged(verdict, move, since, expected, partial(beside, new, segment.anchor))


def beyond_anchor(verdict: Verdict) -> bool:
    """Whether the cost has surely risen since the anchor, by more than the tolerance."""
    return verdict.anchor is not None and verdict.anchor.risen


def _anchor(segment: Segment, since: Move, beyond: float) -> Anchor:
    ends = (None, None) if since.half is None else (since.value - since.half, since.value + since.half)
    low, high = (None if end is None else float(np.exp(end)) for end in ends)
    ratio = Interval(float(np.exp(since.value)), low, high, len(segment.logs))
    return Anchor(
        run=segment.anchor.run,
        revision=segment.anchor.revision,
        runs=len(segment.logs),
        ratio=ratio,
        confidence=None if since.half is None else 2 * SURE - 1,
        risen=since.has_risen(beyond),
    )


def _judged(verdict: Verdict, move: float, since: Move, expected: Prediction, command: Callable[[], str]) -> Verdict:
    """Suspect, improved, too noisy to say, or unchanged."""
    tolerance = verdict.tolerance or 0.0
    allows = f"{percent(SCREEN)} of runs are predicted below {signed(float(np.expm1(expected.half)))}"
    allows += f" by {expected.n} stored ones"
    risen = move > np.log1p(tolerance)
    if (risen and move > expected.half) or beyond_anchor(verdict):
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=True,
            reason=f"suspect: {_moved(move)}; {allows}; {_since(verdict, since)}",
            remedy=f"measure it beside the anchor's revision{command()}",
        )
    if move < -expected.sure and move < -np.log1p(tolerance):
        chance = f"beyond what {percent(SURE)} of runs reach by chance"
        return replace(verdict, verdict="improved", reason=f"{_moved(move)}, {chance}; {_since(verdict, since)}")
    if expected.visible > COARSEST:  # such runs cannot acquit it either
        unlike = f"the stored runs are too unlike to show less than {percent(expected.visible)}"
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=bool(risen),
            reason=f"{'suspect: ' if risen else ''}{_moved(move)}, and {unlike}; {_since(verdict, since)}",
            remedy=f"accept more runs of a quiet machine, or compare revisions{command()}",
        )
    within = f"within the tolerance of {percent(tolerance)}" if move > expected.half else allows
    return replace(verdict, reason=f"{_moved(move)}, {within}; {_since(verdict, since)}")


def _moved(move: float) -> str:
    return f"{tenths(abs(float(np.expm1(move))))} {'slower' if move > 0 else 'faster'} than the stored runs"


def _since(verdict: Verdict, since: Move) -> str:
    """How far it has moved since the anchor, in words."""
    anchor = verdict.anchor
    if anchor is None:
        return ""
    revision = f" ({anchor.revision[:10]})" if anchor.revision else ""
    surely = f", and {signed(float(np.expm1(since.smooth)))} by the last runs, beyond chance" if anchor.risen else ""
    return f"{signed(float(np.expm1(since.value)))} since the anchor {anchor.run}{revision}{surely}"
