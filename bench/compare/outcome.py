"""Outcome: from the log ratios of a comparison to the looks that decide: pure functions of its log."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.compare.contention import contention_of
from bench.compare.log import CellLog, ComparisonLog
from bench.stats.geometric_mean import ROUNDS, geometric_mean
from bench.stats.sequential_test import Look, confirmed, deciding_look
from bench.text import plural


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a cell, or of the mean over cells.

    Attributes:
        first: the look that decided the first run; None when it ended before six pairs.
        second: the same of the second, independent run, which follows a first one that failed.
        doubt: by how much neighbours may have changed the log ratio, either way.
        disturbed: what they took, in words; "" where that is no more than is usual.

    """

    first: Look | None
    second: Look | None
    doubt: float = 0.0
    disturbed: str = ""

    @property
    def lost(self) -> bool:
        """Whether both runs fail."""
        return self.first is not None and self.second is not None and confirmed(self.first, self.second)

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
    together = [cells[cell_log.cell] for cell_log in measured(log.cell_logs.values())]
    doubt, contended = np.mean([cell.doubt for cell in together]), sum(bool(cell.disturbed) for cell in together)
    return cells, Outcome(
        first, second, float(doubt), f"{plural(contended, 'cell')} ran contended" if contended else ""
    )


def _of_cell(cell_log: CellLog, tolerance: float) -> Outcome:
    first, second = (looked(cell_log, run, tolerance, ended=True) for run in (1, 2))
    contention = contention_of(cell_log.every_pair)
    return Outcome(first, second, contention.doubt, str(contention) if contention.marked else "")


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
