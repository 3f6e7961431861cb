"""Outcome: from the log ratios of a comparison to the looks that decide: pure functions of its log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from bench.compare.contention import contention_of
from bench.compare.log import CellLog, ComparisonLog
from bench.stats.geometric_mean import ROUNDS, geometric_mean
from bench.stats.sequential_test import Look, confirmed, deciding_look, look
from bench.text import plural


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a cell, or of the mean over cells.

    Attributes:
        first: the look that decided the first run; None when it ended before six pairs.
        second: the same of the second, independent run, which follows a first one that failed.
        doubt: by how much neighbours may have changed the log ratio, either way.
        disturbed: what they took, in words; "" where that is no more than is usual.
        cycles: the same pairs as `shown` in cycles of the GPU's clock; None where that is not known.

    """

    first: Look | None
    second: Look | None
    doubt: float = 0.0
    disturbed: str = ""
    cycles: Look | None = None

    @property
    def lost(self) -> bool:
        """Whether both runs fail."""
        return self.first is not None and self.second is not None and confirmed(self.first, self.second)

    @property
    def shown(self) -> Look | None:
        """The look to report: of a loss the second, since the first was chosen for being large."""
        return self.second if self.lost else self.first

    @property
    def holds_in_cycles(self) -> bool:
        """Whether the difference is one of cycles too, as far as clocks are known: a clock that ran slower is none."""
        if self.cycles is None or self.shown is None:
            return True
        return self.shown.mean * self.cycles.mean > 0 and abs(self.cycles.mean) > self.cycles.half


def outcomes_of(log: ComparisonLog) -> tuple[dict[str, Outcome], Outcome | None]:
    """The outcome of each cell, and of the geometric mean over those that could be measured, for two or more."""
    tolerance = log.facts.tolerance
    cells = {name: _of_cell(cell_log, tolerance) for name, cell_log in log.cell_logs.items()}
    first, second = (common(log.cell_logs.values(), run, tolerance) for run in (1, 2))
    if first is None:
        return cells, None
    together = [cells[cell_log.cell] for cell_log in measured(log.cell_logs.values())]
    doubt, contended = np.mean([cell.doubt for cell in together]), sum(bool(cell.disturbed) for cell in together)
    words = f"{plural(contended, 'cell')} ran contended" if contended else ""
    outcome = Outcome(first, second, float(doubt), words)
    run = 2 if outcome.lost else 1
    return cells, replace(outcome, cycles=common(log.cell_logs.values(), run, tolerance, CellLog.cycle_log_ratios))


def _of_cell(cell_log: CellLog, tolerance: float) -> Outcome:
    first, second = (looked(cell_log, run, tolerance, ended=True) for run in (1, 2))
    contention = contention_of(cell_log.every_pair)
    outcome = Outcome(first, second, contention.doubt, str(contention) if contention.marked else "")
    return replace(outcome, cycles=_in_cycles(cell_log, outcome, tolerance))


def _in_cycles(cell_log: CellLog, outcome: Outcome, tolerance: float) -> Look | None:
    """The pairs of the look that is shown, in cycles; None without one, or where a clock is not known."""
    run, pairs = 2 if outcome.lost else 1, outcome.shown.n if outcome.shown else 0
    logs = cell_log.cycle_log_ratios(run)[:pairs]
    return look(logs, tolerance, starts=cell_log.starts(run)[:pairs], last=True) if logs else None


def looked(cell_log: CellLog, run: int, tolerance: float, *, ended: bool = False) -> Look | None:
    """The look that decides a run of a cell, or the latest one; see `deciding_look`."""
    return deciding_look(cell_log.log_ratios(run), tolerance, starts=cell_log.starts(run), ended=ended)


def measured(cell_logs: Iterable[CellLog]) -> list[CellLog]:
    """Those that both sides can run."""
    return [cell_log for cell_log in cell_logs if not cell_log.failed]


def common(
    cell_logs: Iterable[CellLog],
    run: int,
    tolerance: float,
    logs_of: Callable[[CellLog, int], list[float]] = CellLog.log_ratios,
) -> Look | None:
    """The geometric mean over the cells in one run; None for fewer than two cells, or one with too few pairs."""
    together = measured(cell_logs)
    runs = [logs_of(cell_log, run) for cell_log in together]
    if len(runs) < 2 or min(map(len, runs)) < ROUNDS:
        return None
    return geometric_mean(runs, tolerance, starts=together[0].starts(run))
