"""Sequential comparison: measures pairs of each cell until the gate decides; no cell fails on one run alone."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from random import Random

from bench.compare.costs import has_risen
from bench.compare.log import CellLog, ComparisonLog
from bench.compare.outcome import common, looked
from bench.compare.pair_clock import PairClock, Tell
from bench.compare.pairs import Pair, Side, SideError, count_both, measure_pair
from bench.compare.records import CountsRecord, EndRecord, FailureRecord, MemoryRecord, PairRecord
from bench.compare.sides import Comparison
from bench.compare.start_order import start_of
from bench.errors import OutOfTimeError
from bench.process.worker import WorkerError
from bench.stats.sequential_test import LOOKS, Look
from bench.vocabulary import PAIR_QUANTILES, SIDES, Ending, LookOutcome, PairStage

COUNT_SECONDS = 120.0
MEMORY = "peak_memory"  # what the names of peaks begin with; this one is judged


@dataclass(slots=True)
class SequentialComparison:
    """The cells that are compared.

    Args:
        comparison: both sides of each cell. They get fresh servers in each round, that is before each further pair of
            a cell: workers of one server have things in common that a pair cannot average out, so that pairs of one
            server would not be independent.
        log: takes every number as it comes; its facts say how pairs are made and judged.
        budget: seconds after which no pair is begun; None for no end.
        tell: hears of each stage that begins, and of each pair that is over.
        began: when the comparison began, by the monotonic clock, if something of it came before this.
        clock: is told of the stages; of what comes before `run`, by the caller.

    """

    comparison: Comparison
    log: ComparisonLog
    budget: float | None
    tell: Tell
    began: float | None = None
    clock: PairClock = field(init=False)
    _order: Random = field(init=False)
    _started: float = field(init=False)
    _first_pair: float = 0.0
    _pairs: int = 0
    _used: bool = False  # whether the servers have timed anything
    _second: dict[str, Look] = field(default_factory=dict)  # the latest look of each second run, by cell

    def __post_init__(self) -> None:
        self._order = Random(self.log.facts.order_seed)
        self._started = time.monotonic() if self.began is None else self.began
        cells = sum(after.step is None for _, after in self.comparison.sides.values())
        due: Counter[PairStage] = Counter({"counts": cells})
        self.clock = PairClock(self.log, due, self.budget, self.tell, self._started)

    def run(self) -> None:
        """Count, compare, and compare again what failed. Ends early where the budget does; the log says so.

        Raises:
            KeyboardInterrupt: as it came; the log says so too.

        """
        ended: Ending = "interrupted"
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
        self._series(1, cell_logs)
        if any(look.outcome == "fail" for look in self._second.values()):
            return  # a cell has lost for certain; the mean over cells would add nothing
        mean = common(cell_logs, 1, self.log.facts.tolerance)
        if mean is not None and mean.outcome == "fail":
            self._series(2, [cell_log for cell_log in cell_logs if cell_log.cell not in self._second])

    def _count(self, cell_log: CellLog) -> None:
        """The exact counts and the memory of both sides; a side that cannot be counted cannot be timed either.

        A peak of memory that has risen is read once more, in fresh processes: one may take more for once.
        """
        sides = self.comparison.sides[cell_log.cell]
        if sides[0].step is not None:
            return  # it was tried out, and nobody can count it
        self.clock.begin("counts", cell_log.cell)
        before, after = count_both(*sides, COUNT_SECONDS)
        if isinstance(before, WorkerError) or isinstance(after, WorkerError):
            for side, answer in zip(SIDES, (before, after), strict=True):
                if isinstance(answer, WorkerError):
                    self.log.note(FailureRecord(cell_log.cell, side, answer.reason))
            return
        memory = _memory_of(cell_log.cell, before, after)
        self.log.note(CountsRecord(cell_log.cell, _counts_in(before), _counts_in(after)))
        if memory is None:
            return
        self.log.note(memory)
        if has_risen(memory):
            before, after = count_both(*sides, COUNT_SECONDS)
            if not isinstance(before, WorkerError) and not isinstance(after, WorkerError):
                self.log.note(_memory_of(cell_log.cell, before, after) or memory)

    def _series(self, run: int, cell_logs: Sequence[CellLog]) -> None:
        """One run of each cell, a round after the other, until each is decided.

        A cell whose first run fails has its second one at once, before the others go on: a budget that ends between
        the two leaves a suspect, which is of no use to anybody.
        """
        due = [cell_log for cell_log in cell_logs if not cell_log.failed]
        while due:
            if self._used:
                self.clock.begin("servers")
                self.comparison.renew()
            self._used = True
            self._order.shuffle(due)
            looks = {cell_log.cell: self._turn(run, cell_log) for cell_log in due}
            if run == 1:
                self._series(2, [cell_log for cell_log in due if _outcome(looks[cell_log.cell]) == "fail"])
            due = [cell_log for cell_log in due if not cell_log.failed and _outcome(looks[cell_log.cell]) == "continue"]

    def _turn(self, run: int, cell_log: CellLog) -> Look | None:
        """One pair of a cell, and the look that follows, if there is one."""
        self._pair(run, cell_log)
        count = len(cell_log.pairs[run])
        look = looked(cell_log, run, self.log.facts.tolerance) if count in LOOKS else None
        if look is not None and run == 2:
            self._second[cell_log.cell] = look
        self.clock.made(cell_log.cell, run, look)
        return look

    def _pair(self, run: int, cell_log: CellLog) -> None:
        """One pair into the comparison log; a side that fails twice in a row has failed."""
        self._watch_the_time()
        self.clock.begin("pair", cell_log.cell, run)
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


def _outcome(look: Look | None) -> LookOutcome:
    return "continue" if look is None else look.outcome


def _memory_of(cell: str, before: Mapping[str, float], after: Mapping[str, float]) -> MemoryRecord | None:
    """The peaks among what both sides counted; None where one of them does not tell."""
    if MEMORY not in before or MEMORY not in after:
        return None
    return MemoryRecord(cell, before[MEMORY], after[MEMORY])


def _counts_in(answer: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in answer.items() if not name.startswith(MEMORY)}


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
        clocks=pair.clocks,
        dropped=pair.dropped,
    )
