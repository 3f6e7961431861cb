"""Sequential comparison: measures pairs of each cell until the gate decides; no cell fails on one run alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from random import Random

from bench.compare.log import CellLog, ComparisonLog
from bench.compare.outcome import common, looked
from bench.compare.pairs import Pair, Side, SideError, count_both, measure_pair
from bench.compare.records import CountsRecord, EndRecord, FailureRecord, PairRecord
from bench.compare.sides import Comparison
from bench.compare.start_order import start_of
from bench.errors import OutOfTimeError
from bench.process.worker import WorkerError
from bench.stats.sequential_test import LOOKS, Look
from bench.vocabulary import PAIR_QUANTILES, SIDES, Ending

COUNT_SECONDS = 120.0
Tell = Callable[[str, int, int, Look | None], None]


@dataclass(slots=True)
class SequentialComparison:
    """The cells that are compared.

    Args:
        comparison: both sides of each cell. They get fresh servers in each round, that is before each further pair of
            a cell: workers of one server have things in common that a pair cannot average out, so that pairs of one
            server would not be independent.
        log: takes every number as it comes; its facts say how pairs are made and judged.
        budget: seconds after which no pair is begun; None for no end.
        tell: hears of each pair: cell, run, how many pairs, and the look if there was one.
        began: when the comparison began, by the monotonic clock, if something of it came before this.

    """

    comparison: Comparison
    log: ComparisonLog
    budget: float | None
    tell: Tell
    began: float | None = None
    _order: Random = field(init=False)
    _started: float = 0.0
    _first_pair: float = 0.0
    _pairs: int = 0
    _used: bool = False  # whether the servers have timed anything

    def __post_init__(self) -> None:
        self._order = Random(self.log.facts.order_seed)

    def run(self) -> None:
        """Count, compare, and compare again what failed. Ends early where the budget does; the log says so.

        Raises:
            KeyboardInterrupt: as it came; the log says so too.

        """
        ended: Ending = "interrupted"
        self._started = time.monotonic() if self.began is None else self.began
        try:
            self._compare()
            ended = ""
        except OutOfTimeError:
            ended = "out of time"
        finally:
            self.log.note(EndRecord(ended, time.monotonic() - self._started))

    def _compare(self) -> None:
        cell_logs = [self.log.cell_logs[cell] for cell in self.comparison.sides]
        for cell_log in cell_logs:
            self._count(cell_log)
        first = self._series(1, cell_logs)
        failing = [cell_log for cell_log in cell_logs if (look := first.get(cell_log.cell)) and look.outcome == "fail"]
        second = self._series(2, failing)
        if any(look.outcome == "fail" for look in second.values()):
            return  # a cell has lost for certain; the mean over cells would add nothing
        mean = common(cell_logs, 1, self.log.facts.tolerance)
        if mean is not None and mean.outcome == "fail":
            self._series(2, [cell_log for cell_log in cell_logs if cell_log not in failing])

    def _count(self, cell_log: CellLog) -> None:
        """The exact counts of both sides; a side that cannot be counted cannot be timed either."""
        sides = self.comparison.sides[cell_log.cell]
        if sides[0].step is not None:
            return  # it was tried out, and nobody can count it
        before, after = count_both(*sides, COUNT_SECONDS)
        if not isinstance(before, WorkerError) and not isinstance(after, WorkerError):
            self.log.note(CountsRecord(cell_log.cell, before, after))
            return
        for side, answer in zip(SIDES, (before, after), strict=True):
            if isinstance(answer, WorkerError):
                self.log.note(FailureRecord(cell_log.cell, side, answer.reason))

    def _series(self, run: int, cell_logs: Sequence[CellLog]) -> dict[str, Look]:
        """One run of each cell, a round after the other, until each is decided: the deciding looks by cell."""
        decided: dict[str, Look] = {}
        due = [cell_log for cell_log in cell_logs if not cell_log.failed]
        while due:
            if self._used:
                self.comparison.renew()
            self._used = True
            self._order.shuffle(due)
            for cell_log in due:
                self._pair(run, cell_log)
                look = looked(cell_log, run, self.log.facts.tolerance) if len(cell_log.pairs[run]) in LOOKS else None
                if look is not None:
                    decided[cell_log.cell] = look
                self.tell(cell_log.cell, run, len(cell_log.pairs[run]), look)
            due = [cell_log for cell_log in due if not cell_log.failed and _open(decided.get(cell_log.cell))]
        return decided

    def _pair(self, run: int, cell_log: CellLog) -> None:
        """One pair into the comparison log; a side that fails twice in a row has failed."""
        self._watch_the_time()
        first, second = self.comparison.sides[cell_log.cell]
        started = time.monotonic() - self._started
        start = start_of(self.log.facts.order_seed, run, len(cell_log.pairs[run]))
        try:
            try:
                pair = measure_pair(first, second, self.log.facts.blocks, self._order, start)
            except SideError:
                pair = measure_pair(first, second, self.log.facts.blocks, self._order, start)
        except SideError as ended:
            self.log.note(FailureRecord(cell_log.cell, SIDES[ended.side], ended.reason))
        else:
            self._pairs += 1
            sizes = sizes_of(first, second)
            self.log.note(record_of(pair, sizes, cell=cell_log.cell, run=run, started=started))

    def _watch_the_time(self) -> None:
        """No pair is begun that would probably end after the budget."""
        now = time.monotonic()
        if not self._pairs:
            self._first_pair = now
        pair = (now - self._first_pair) / max(1, self._pairs)
        if self.budget is not None and now - self._started + pair > self.budget:
            raise OutOfTimeError


def _open(look: Look | None) -> bool:
    return look is None or look.outcome == "continue"


def sizes_of(first: Side, second: Side) -> tuple[int, int]:
    """What the seconds of either side are divided by: its images a step where the batch sizes differ, else 1."""
    sizes = (first.cell.batch_size, second.cell.batch_size)
    return sizes if sizes[0] != sizes[1] else (1, 1)


def record_of(pair: Pair, sizes: tuple[int, int], *, cell: str, run: int, started: float) -> PairRecord:
    """What is kept of a pair."""
    before, after = (seconds / size for seconds, size in zip(pair.seconds(), sizes, strict=True))
    return PairRecord(
        cell=cell,
        run=run,
        log_ratio=log(after / before),
        before=before,
        after=after,
        phases={name: (first / sizes[0], second / sizes[1]) for name, (first, second) in pair.phases.items()},
        statistic=pair.statistic,
        quantiles={name: pair.seconds(name) for name in PAIR_QUANTILES},
        faults=pair.faults,
        steady=pair.steady,
        started_first=pair.started_first,
        started=round(started, 3),
        layouts=pair.layouts,
        busy=pair.busy,
    )
