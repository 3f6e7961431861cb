"""Outcome: from the log ratios of a comparison to the looks that decide: pure functions of its log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.compare.log import CellLog, ComparisonLog
from bench.stats.geometric_mean import ROUNDS, geometric_mean
from bench.stats.sequential_test import Look, confirmed, deciding_look

CONTENDED = 0.15  # how much slower than at its best the reference may be, as a share
BEST = 0.1  # the quantile of the pairs that is its best: unlike the minimum it does not fall with their number


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a cell, or of the mean over cells.

    Attributes:
        first: the look that decided the first run; None when it ended before six pairs.
        second: the same of the second, independent run, which follows a first one that failed.
        contention: how much longer the reference took than at its best, as a share, where that is more than is usual;
            else 0.

    """

    first: Look | None
    second: Look | None
    contention: float

    @property
    def lost(self) -> bool:
        """Whether both runs fail."""
        return self.first is not None and self.second is not None and confirmed(self.first, self.second)

    @property
    def doubt(self) -> float:
        """What neighbours may have done to the log ratio: slowed one side by all of it, and the other by nothing."""
        return float(np.log1p(self.contention))

    @property
    def shown(self) -> Look | None:
        """The look to report: of a loss the second, since the first was chosen for being large."""
        return self.second if self.lost else self.first


def outcomes_of(log: ComparisonLog) -> tuple[dict[str, Outcome], Outcome | None]:
    """The outcome of each cell, and of the geometric mean over those that could be measured, for two or more."""
    tolerance = log.facts.tolerance
    cells = {name: _of_cell(cell_log, tolerance) for name, cell_log in log.cell_logs.items()}
    first, second = (common(log.cell_logs.values(), run, tolerance) for run in (1, 2))
    if first is None:
        return cells, None
    shared = np.mean([cells[cell_log.cell].doubt for cell_log in measured(log.cell_logs.values())])
    return cells, Outcome(first, second, float(np.expm1(shared)))


def _of_cell(cell_log: CellLog, tolerance: float) -> Outcome:
    first, second = (looked(cell_log, run, tolerance, ended=True) for run in (1, 2))
    share = contention(cell_log)
    return Outcome(first, second, share if share > CONTENDED else 0.0)


def looked(cell_log: CellLog, run: int, tolerance: float, *, ended: bool = False) -> Look | None:
    """The look that decides a run of a cell, or the latest one; see `deciding_look`."""
    return deciding_look(cell_log.log_ratios(run), tolerance, starts=cell_log.starts(run), ended=ended)


def measured(cell_logs: Iterable[CellLog]) -> list[CellLog]:
    """Those that both sides can run."""
    return [cell_log for cell_log in cell_logs if not cell_log.failed]


def common(cell_logs: Iterable[CellLog], run: int, tolerance: float) -> Look | None:
    """The geometric mean over the cells in one run; None for fewer than two cells, or one with too few pairs."""
    together = measured(cell_logs)
    runs = [cell_log.log_ratios(run) for cell_log in together]
    if len(runs) < 2 or min(map(len, runs)) < ROUNDS:
        return None
    return geometric_mean(runs, tolerance, starts=together[0].starts(run))


def contention(cell_log: CellLog) -> float:
    """How much longer the reference's steps took than at their best, or its blocks than their CPU time, as a share.

    The first is of its typical pair over its best, and sees neighbours that come and go; the second sees those that
    stay, on the cores that this system shows.
    """
    pairs = cell_log.every_pair
    kept = [pair.busy for pair in pairs if pair.busy]
    waiting = 1 / float(np.median(kept)) - 1 if kept else 0.0
    return max(_slower([pair.before for pair in pairs]), waiting)


def _slower(times: Sequence[float]) -> float:
    """The median over the best, as a share."""
    if not times:
        return 0.0
    return float(np.median(times) / np.quantile(times, BEST, method="median_unbiased")) - 1
