"""Outcome: from the log ratios of a comparison to the looks that decide: pure functions of its log."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.compare.log import CellLog, ComparisonLog
from bench.stats.multiple_testing import discoveries
from bench.stats.sequential_test import LOOKS, Look, confirmed, deciding_look, geometric_mean, joint_p

CONTENDED = 0.15  # how much slower than in its best pair the reference's typical one may be, as a share


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a cell, or of the mean over cells.

    Attributes:
        first: the look that decided the first run; None when it ended before six pairs.
        second: the same of the second, independent run, which follows a first one that failed.
        contention: how much longer the reference took in its typical pair than in its best, as a share.
        stands: whether a loss stands among all cells that were tested.

    """

    first: Look | None
    second: Look | None
    contention: float
    stands: bool = True

    @property
    def lost(self) -> bool:
        """Whether both runs fail."""
        return self.first is not None and self.second is not None and confirmed(self.first, self.second)

    @property
    def contended(self) -> bool:
        """Whether neighbours took so much that they may have slowed the two sides unequally."""
        return self.contention > CONTENDED

    @property
    def shown(self) -> Look | None:
        """The look to report: of a loss the second, since the first was chosen for being large."""
        return self.second if self.lost else self.first


def outcomes_of(log: ComparisonLog) -> tuple[dict[str, Outcome], Outcome | None]:
    """The outcome of each cell, and of the geometric mean over those that could be measured, for two or more."""
    tolerance = log.facts.tolerance
    cell_logs = list(log.cell_logs.values())
    looks = [
        [deciding_look(cell_log.log_ratios(run), tolerance, ended=True) for run in (1, 2)] for cell_log in cell_logs
    ]
    stands = discoveries([_joint_p(first, second) for first, second in looks])
    cells = {
        cell_log.cell: Outcome(first, second, contention(cell_log), stand)
        for cell_log, (first, second), stand in zip(cell_logs, looks, stands, strict=True)
    }
    first, second = (common(cell_logs, run, tolerance) for run in (1, 2))
    noisiest = max((cell.contention for cell in cells.values()), default=0.0)
    return cells, Outcome(first, second, noisiest) if first is not None else None


def common(cell_logs: Iterable[CellLog], run: int, tolerance: float) -> Look | None:
    """The geometric mean over the cells in one run; None for fewer than two cells, or one with too few pairs."""
    runs = [cell_log.log_ratios(run) for cell_log in cell_logs if not cell_log.failed]
    if len(runs) < 2 or min(map(len, runs)) < LOOKS[0]:
        return None
    return geometric_mean(runs, tolerance)


def contention(cell_log: CellLog) -> float:
    """How much longer the reference's steps took in its typical pair than in its best, as a share."""
    times = [pair.before for pair in cell_log.every_pair]
    return float(np.median(times) / min(times)) - 1 if times else 0.0


def _joint_p(first: Look | None, second: Look | None) -> float:
    """The p-value of a loss in both runs; 1 where there was none, which claims nothing."""
    return joint_p(first, second) if first and second and confirmed(first, second) else 1.0
