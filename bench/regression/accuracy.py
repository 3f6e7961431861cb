"""Accuracy: test accuracy over seeds against the accepted runs, all cells of a check at once.

A fall beyond chance and the tolerance is only a suspect: nets that draw other random numbers differ too, and among many
cells some fall by chance. What fails is a second fall, of seeds trained for it (`bench.regression.retrain`). A rise is
not looked at again, so it has to stand among all cells (Holm).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.metrics import METRICS
from bench.stats.multiple_testing import holm
from bench.stats.prediction import SURE
from bench.stats.welch import Difference, difference
from bench.store.summary import CellSummary
from bench.text import plural
from bench.verdict.verdict import Verdict

CHANCE = 1 - SURE  # of cells that did not change, so many are suspects; of checks, so many find a rise that is none
GROSS = 0.02  # a fall of a single seed that is worth training again: a share of the test images
TRAIN_AGAIN = "have it trained again with other seeds at both revisions: leave out --no-ab"
_EQUAL = 1e-5  # less than one of ten thousand test images: stored accuracies are rounded


@dataclass(frozen=True, slots=True)
class Learnt:
    """A cell whose accuracy is judged.

    Attributes:
        new: what the run says of it.
        stored: what the accepted runs say that compare with it, oldest first.
        tolerance: the fall that is allowed, as a share of the test images.

    """

    new: CellSummary
    stored: Sequence[CellSummary]
    tolerance: float

    @property
    def accepted(self) -> Mapping[int, float]:
        """By seed, the accuracy that was accepted last after a training as long as this one.

        Earlier runs count only while those after them have a single seed: the same seed trained twice is no second
        draw, and a mean over runs would have less spread than the one value it is compared with.
        """
        values: dict[int, float] = {}
        for summary in reversed(self.stored):
            if len(values) < 2 and summary.epochs is not None and summary.epochs == self.new.epochs:
                values = {**summary.accuracy, **values}
        return values

    @property
    def latest(self) -> CellSummary:
        """The accepted run whose accuracies were accepted last."""
        alike = [summary for summary in self.stored if summary.accuracy and summary.epochs == self.new.epochs]
        return alike[-1]

    @property
    def seeds(self) -> frozenset[int]:
        """Every seed whose accuracy is known, in the run or an accepted one."""
        return frozenset(seed for summary in (self.new, *self.stored) for seed in summary.accuracy)


def judge_accuracies(cells: Iterable[Learnt]) -> dict[str, Verdict]:
    """By the cell's id, the verdict on its accuracy, where the run and an accepted one have any."""
    judged = [cell for cell in cells if cell.new.accuracy and cell.accepted]
    changes = [None if equal(cell.accepted, cell.new.accuracy) else difference(*_values(cell)) for cell in judged]
    rises = holm(
        [change.p_rise_at_most(cell.tolerance) if change else 1.0 for cell, change in zip(judged, changes, strict=True)]
    )
    return {
        cell.new.id: _verdict(cell, change, rise) for cell, change, rise in zip(judged, changes, rises, strict=True)
    }


def falls(cells: Iterable[Learnt], verdicts: Mapping[str, Verdict]) -> tuple[Learnt, ...]:
    """The cells that have to be trained again."""
    return tuple(cell for cell in cells if cell.new.id in verdicts and verdicts[cell.new.id].suspect)


def equal(old: Mapping[int, float], new: Mapping[int, float]) -> bool:
    """Whether every seed has the accuracy that it had, so that no number was drawn anew."""
    return all(seed in old and abs(value - old[seed]) < _EQUAL for seed, value in new.items())


def points(change: Difference) -> str:
    """A difference of accuracies in percentage points, with what chance explains."""
    return f"{100 * change.value:+.2f} points; chance explains ± {100 * change.half(SURE):.2f}"


def _values(cell: Learnt) -> tuple[list[float], list[float]]:
    return list(cell.accepted.values()), list(cell.new.accuracy.values())


def _verdict(cell: Learnt, change: Difference | None, rise: float) -> Verdict:
    old, now = _values(cell)
    verdict = Verdict(
        cell=cell.new.id,
        metric="accuracy",
        verdict="unchanged",
        direction=METRICS["accuracy"].direction,
        statistic="final",
        before=float(np.mean(old)),
        after=float(np.mean(now)),
        tolerance=cell.tolerance,
    )
    if equal(cell.accepted, cell.new.accuracy):
        return replace(verdict, reason=f"the same for every seed, {len(now)} of them")
    seeds = f"over {plural(len(now), 'seed')}, {len(old)} accepted"
    if change is None:
        move = float(np.mean(now) - np.mean(old))
        gross = move < -max(GROSS, cell.tolerance)
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=gross,
            reason=f"{'suspect: ' if gross else ''}{100 * move:+.2f} points {seeds}: one seed cannot tell chance from "
            "change",
            remedy=TRAIN_AGAIN if gross else "train several: python -m bench run --seeds 0 1 2, and accept such a run",
        )
    return _tested(replace(verdict, reason=f"{points(change)} {seeds}"), cell, change, rise)


def _tested(verdict: Verdict, cell: Learnt, change: Difference, rise: float) -> Verdict:
    """Suspect, improved or unchanged."""
    verdict = replace(verdict, confidence=2 * SURE - 1, visible=2 * change.half(SURE) + cell.tolerance)
    if change.p_fall(cell.tolerance) < CHANCE:
        often = f"one in {1 / CHANCE:.0f} cells that only draw other random numbers falls so far"
        return replace(
            verdict,
            verdict="inconclusive",
            suspect=True,
            reason=f"suspect: {verdict.reason}; {often}",
            remedy=TRAIN_AGAIN,
        )
    if rise < CHANCE:
        return replace(verdict, verdict="improved")
    beyond = change.value - change.half(SURE) > cell.tolerance
    return replace(verdict, reason=f"{verdict.reason}; among so many cells it explains more") if beyond else verdict
