"""Cost: the relative cost of a cell against the prediction interval of the stored runs; a rise is only a suspect."""

from dataclasses import replace

import numpy as np

from bench.stats.interval import Interval
from bench.stats.prediction import LEAST_RUNS, SCREEN, SURE, Prediction, predict
from bench.store.summary import CellSummary
from bench.text import percent, plural, signed, tenths
from bench.verdict.verdict import Verdict

COARSEST = 0.20  # a stored series that shows no slowdown of 20 % says nothing


def judge_cost(new: CellSummary, stored: list[CellSummary], tolerance: float) -> Verdict:
    """The relative cost against the prediction interval of the stored runs."""
    logs = [summary.log_cost for summary in stored if summary.log_cost is not None]
    if new.log_cost is None or not logs:
        where = "this run" if new.log_cost is None else "the baseline"
        reason = f"no cost relative to the reference in {where}: plain times of different hours do not compare"
        return Verdict(cell=new.id, metric="relative_cost", verdict="inconclusive", reason=reason)
    mean = float(np.mean(logs))
    move = new.log_cost - mean
    verdict = Verdict(
        cell=new.id,
        metric="relative_cost",
        verdict="unchanged",
        statistic="p10",
        before=float(np.exp(mean)),
        after=float(np.exp(new.log_cost)),
        ratio=Interval(float(np.exp(move)), None, None, len(logs)),
        tolerance=tolerance,
    )
    expected = predict(logs)
    if expected is None:
        missing = LEAST_RUNS - len(logs)
        return replace(
            verdict,
            verdict="inconclusive",
            reason=f"{_moved(move)}, but {plural(len(logs), 'stored run')} cannot tell how much runs differ",
            remedy=f"accept {missing} more (python -m bench baseline save), or compare revisions: python -m bench ab",
        )
    value, low, high = (float(np.exp(move + by)) for by in (0, -expected.half, expected.half))
    verdict = replace(
        verdict,
        ratio=Interval(value, low, high, len(logs)),
        confidence=2 * SCREEN - 1,
        visible=expected.visible,
    )
    return _judged(verdict, move, expected, stored[-1].revision[:10] or "REV")


def _judged(verdict: Verdict, move: float, expected: Prediction, revision: str) -> Verdict:
    """Suspect, improved, too noisy to say, or unchanged."""
    tolerance = verdict.tolerance or 0.0
    bound = signed(float(np.expm1(expected.half)))
    allows = f"{percent(SCREEN)} of runs are predicted below {bound} by {expected.n} stored ones"
    if move > expected.half and move > np.log1p(tolerance):
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=True,
            reason=f"suspect: {_moved(move)}; {allows}",
            remedy=f"measure it beside the baseline's revision: python -m bench ab {revision}",
        )
    if move < -expected.sure and move < -np.log1p(tolerance):
        beyond = f"beyond what {percent(SURE)} of runs reach by chance"
        return replace(verdict, verdict="improved", reason=f"{_moved(move)}, {beyond}")
    if expected.visible > COARSEST:
        suspect = move > np.log1p(tolerance)  # such runs cannot acquit it
        unlike = f"the stored runs are too unlike to show less than {percent(expected.visible)}"
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=bool(suspect),
            reason=f"{'suspect: ' if suspect else ''}{_moved(move)}, and {unlike}",
            remedy=f"accept more runs of a quiet machine, or compare revisions: python -m bench ab {revision}",
        )
    within = f"within the tolerance of {percent(tolerance)}" if move > expected.half else allows
    return replace(verdict, reason=f"{_moved(move)}, {within}")


def _moved(move: float) -> str:
    return f"{tenths(abs(float(np.expm1(move))))} {'slower' if move > 0 else 'faster'} than the stored runs"
