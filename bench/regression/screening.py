"""Stored: a run's readings against those of a baseline: the verdict of each cell and metric, and what is suspect.

A time is never failed from stored numbers: it is a suspect, which is measured again beside the baseline's revision.
What needs no second measurement is judged in `bench.regression.direct`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.regression.direct import judge_accuracy, judge_budgets, judge_counts, judge_memory
from bench.regression.tolerances import Tolerances
from bench.stats.interval import Interval
from bench.stats.prediction import LEAST_RUNS, SCREEN, SURE, Prediction, predict
from bench.store.summary import Reading
from bench.text import plural
from bench.verdict.verdict import Verdict

COARSEST = 0.20  # a stored series that shows no slowdown of 20 % says nothing
SUSPECT = "suspect: "  # begins the reason of a time that has to be measured again


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a comparison.

    Attributes:
        verdicts: of each cell, metric by metric.
        suspects: the cells whose time has to be measured again, by id, with the latest stored reading they are like.
        notes: what was not judged, and why.

    """

    verdicts: tuple[Verdict, ...]
    suspects: Mapping[str, Reading]
    notes: tuple[str, ...] = ()


def compare(
    new: Sequence[Reading],
    stored: Sequence[Reading],
    allowed: Tolerances,
    shares: Mapping[str, float],
    absolute: Mapping[str, Mapping[str, float]],
) -> Comparison:
    """Judge every cell of the run and of the baseline.

    Args:
        new: the readings of the run.
        stored: those of the accepted runs, oldest first.
        allowed: tolerances and budgets.
        shares: cell id to the share by which its cost may rise.
        absolute: cell id to metric to value of the run, for the budgets.

    """
    verdicts: list[Verdict] = []
    suspects: dict[str, Reading] = {}
    by_id: dict[str, list[Reading]] = {}
    for reading in stored:
        by_id.setdefault(reading.id, []).append(reading)
    unlearnt: dict[str, list[str]] = {}
    for reading in new:
        unlearnt.setdefault(_unlearnt(reading, by_id.get(reading.id, [])), []).append(reading.id)
    notes = [f"accuracy is not judged, {why}: {', '.join(cells)}" for why, cells in unlearnt.items() if why]
    for reading in new:
        verdicts += _cell(reading, by_id.pop(reading.id, []), allowed, shares[reading.id], suspects)
        verdicts += judge_budgets(reading, allowed, absolute.get(reading.id, {}))
    verdicts += [
        Verdict(
            cell=name,
            metric="relative_cost",
            verdict="missing",
            reason=f"in {_runs(found)} of the baseline and not in this run",
            remedy="run it too, or leave it out with --cells",
        )
        for name, found in by_id.items()
    ]
    return Comparison(tuple(verdicts), suspects, tuple(notes))


def _cell(
    new: Reading, stored: list[Reading], allowed: Tolerances, share: float, suspects: dict[str, Reading]
) -> Iterator[Verdict]:
    if not stored:
        reason = "not in the baseline yet" if new.status == "ok" else f"not in the baseline, and {_why(new)}"
        verdict = "new" if new.status == "ok" else "inconclusive"
        yield Verdict(cell=new.id, metric="relative_cost", verdict=verdict, reason=reason)
        return
    if new.status != "ok":
        yield Verdict(
            cell=new.id,
            metric="relative_cost",
            verdict="inconclusive" if new.status == "skipped" else "failed",
            reason=f"{_why(new)}; it ran in {_runs(stored)} of the baseline",
            remedy=f"see python -m bench report {new.run}",
        )
        return
    alike = [one for one in stored if not _differs(one, new)]
    if not alike:
        yield Verdict(
            cell=new.id,
            metric="relative_cost",
            verdict="not comparable",
            reason=f"measured under other conditions: {'; '.join(_differs(stored[-1], new))}",
            remedy="compare on the machine of the baseline, save a baseline on this one, or use python -m bench ab REV",
        )
        return
    cost = _cost(new, alike, share)
    yield cost
    if cost.reason.startswith(SUSPECT):
        suspects[new.id] = alike[-1]
    yield from judge_counts(new, alike[-1], allowed)
    yield from judge_memory(new, alike, allowed.share(new.id, "peak_memory"))
    yield from judge_accuracy(new, alike, allowed.share(new.id, "accuracy"))


def _cost(new: Reading, stored: list[Reading], tolerance: float) -> Verdict:
    """The relative cost against the prediction interval of the stored runs."""
    logs = [one.cost for one in stored if one.cost is not None]
    if new.cost is None or not logs:
        where = "this run" if new.cost is None else "the baseline"
        reason = f"no cost relative to the reference in {where}: plain times of different hours do not compare"
        return Verdict(cell=new.id, metric="relative_cost", verdict="inconclusive", reason=reason)
    mean = float(np.mean(logs))
    move = new.cost - mean
    about = Verdict(
        cell=new.id,
        metric="relative_cost",
        verdict="unchanged",
        statistic="p10",
        before=float(np.exp(mean)),
        after=float(np.exp(new.cost)),
        ratio=Interval(float(np.exp(move)), None, None, len(logs)),
        tolerance=tolerance,
    )
    expected = predict(logs)
    if expected is None:
        missing = LEAST_RUNS - len(logs)
        return replace(
            about,
            verdict="inconclusive",
            reason=f"{_moved(move)}, but {plural(len(logs), 'stored run')} cannot tell how much runs differ",
            remedy=f"accept {missing} more (python -m bench baseline save), or compare revisions: python -m bench ab",
        )
    value, low, high = (float(np.exp(move + by)) for by in (0, -expected.half, expected.half))
    about = replace(
        about,
        ratio=Interval(value, low, high, len(logs)),
        confidence=2 * SCREEN - 1,
        visible=expected.visible,
    )
    return _judged(about, move, expected, stored[-1].revision[:10] or "REV")


def _judged(about: Verdict, move: float, expected: Prediction, revision: str) -> Verdict:
    """Suspect, improved, too noisy to say, or unchanged."""
    tolerance = about.tolerance or 0.0
    allows = f"{SCREEN:.0%} of runs are predicted below {np.expm1(expected.half):+.1%} by {expected.n} stored ones"
    if move > expected.half and move > np.log1p(tolerance):
        return replace(
            about,
            verdict="inconclusive",
            reason=f"{SUSPECT}{_moved(move)}; {allows}",
            remedy=f"measure it beside the baseline's revision: python -m bench ab {revision}",
        )
    if move < -expected.sure and move < -np.log1p(tolerance):
        beyond = f"beyond what {SURE:.0%} of runs reach by chance"
        return replace(about, verdict="improved", reason=f"{_moved(move)}, {beyond}")
    if expected.visible > COARSEST:
        doubt = SUSPECT if move > np.log1p(tolerance) else ""
        unlike = f"the stored runs are too unlike to show less than {expected.visible:.0%}"
        return replace(
            about,
            verdict="inconclusive",
            reason=f"{doubt}{_moved(move)}, and {unlike}",
            remedy=f"accept more runs of a quiet machine, or compare revisions: python -m bench ab {revision}",
        )
    within = f"within the tolerance of {tolerance:.1%}" if move > expected.half else allows
    return replace(about, reason=f"{_moved(move)}, {within}")


def _differs(old: Reading, new: Reading) -> tuple[str, ...]:
    """The conditions that differ, each with both values."""
    found = old.machine.differences(new.machine)
    if old.definition != new.definition:
        found += (f"definition of the measurement {old.definition} -> {new.definition}",)
    return found


def _unlearnt(new: Reading, stored: list[Reading]) -> str:
    """Why the accuracy of a cell is not judged although the baseline has one; "" where it is, or there is none."""
    lengths = {one.epochs for one in stored if one.accuracy}
    if new.status != "ok" or not lengths or new.epochs in lengths - {None}:
        return ""
    if not new.accuracy:
        return "since this run did not train"
    if new.epochs is None or lengths == {None}:
        return "since a time limit cut training short (--train-limit 0)"
    known = ", ".join(str(one) for one in sorted(lengths - {None}, key=str))
    return f"after {new.epochs} epochs here and {known} in the baseline"


def _why(reading: Reading) -> str:
    return f"{reading.status}{': ' + reading.reason if reading.reason else ''}"


def _moved(move: float) -> str:
    return f"{abs(np.expm1(move)):.1%} {'slower' if move > 0 else 'faster'} than the stored runs"


def _runs(stored: Iterable[Reading]) -> str:
    return plural(len({one.run for one in stored}), "run")
