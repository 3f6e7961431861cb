"""Contest: makes pairs of both sides of each cell until the gate has decided, and fails none on one run alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from random import Random

from bench.compare.log import Ledger, Story
from bench.compare.outcome import common
from bench.compare.pairs import Pair, Side, SideError, count_both, measure_pair
from bench.compare.records import CountsRecord, EndRecord, FailureRecord, PairRecord
from bench.compare.sides import Matchup
from bench.errors import OutOfTimeError
from bench.process.worker import WorkerError
from bench.stats.sequential_test import LOOKS, Look, settled
from bench.vocabulary import PAIR_QUANTILES, SIDES, Ending

COUNT_SECONDS = 120.0
SHARED = 3  # pairs that share a pair of servers
Told = Callable[[str, int, int, Look | None], None]


@dataclass(slots=True)
class Contest:
    """The cells that are compared.

    Args:
        matchup: both sides of each cell. They get fresh servers before a second run: workers of one server have
            things in common that a pair cannot average out, so that a run on the same servers would not be independent.
        ledger: takes every number as it is found; its facts say how pairs are made and judged.
        budget: seconds after which no pair is begun; None for no end.
        tell: hears of each pair: cell, run, how many pairs, and the look if there was one.

    """

    matchup: Matchup
    ledger: Ledger
    budget: float | None
    tell: Told
    _order: Random = field(init=False)
    _started: float = 0.0
    _pairs: int = 0

    def __post_init__(self) -> None:
        self._order = Random(self.ledger.facts.order_seed)

    def run(self) -> None:
        """Count, compare, and compare again what failed. Ends early where the budget does; the ledger says so.

        Raises:
            KeyboardInterrupt: as it came; the ledger says so too.

        """
        ended: Ending = "interrupted"
        self._started = time.monotonic()
        try:
            self._compare()
            ended = ""
        except OutOfTimeError:
            ended = "out of time"
        finally:
            self.ledger.note(EndRecord(ended, time.monotonic() - self._started))

    def _compare(self) -> None:
        stories = [self.ledger.stories[cell] for cell in self.matchup.sides]
        for story in stories:
            self._count(story)
        first = self._series(1, stories)
        failing = [story for story in stories if (look := first.get(story.cell)) and look.outcome == "fail"]
        second = self._series(2, failing)
        if any(look.outcome == "fail" for look in second.values()):
            return  # a cell has lost for certain; the mean over cells would add nothing
        mean = common(stories, 1, self.ledger.facts.tolerance)
        if mean is not None and mean.outcome == "fail":
            self._series(2, [story for story in stories if story not in failing])

    def _count(self, story: Story) -> None:
        """The exact counts of both sides; a side that cannot be counted cannot be timed either."""
        before, after = count_both(*self.matchup.sides[story.cell], COUNT_SECONDS)
        if not isinstance(before, WorkerError) and not isinstance(after, WorkerError):
            self.ledger.note(CountsRecord(story.cell, before, after))
            return
        for side, answer in zip(SIDES, (before, after), strict=True):
            if isinstance(answer, WorkerError):
                self.ledger.note(FailureRecord(story.cell, side, answer.reason))

    def _series(self, run: int, stories: Sequence[Story]) -> dict[str, Look]:
        """One run of each cell, their pairs interleaved, until each is decided: the deciding looks by cell."""
        decided: dict[str, Look] = {}
        due = [story for story in stories if not story.failed]
        fresh = run == 1  # the servers of a first run are new already
        while due:
            if not fresh:
                self.matchup.renew()
            self._order.shuffle(due)
            for story in due:
                self._pair(run, story)
                count = len(story.logs(run))
                look = settled(story.logs(run), self.ledger.facts.tolerance) if count in LOOKS else None
                if look is not None:
                    decided[story.cell] = look
                self.tell(story.cell, run, count, look)
            due = [story for story in due if not story.failed and _open(decided.get(story.cell))]
            fresh = not any(len(story.pairs[run]) % SHARED == 0 for story in due)
        return decided

    def _pair(self, run: int, story: Story) -> None:
        """One pair into the ledger; a side that fails twice in a row has failed."""
        self._watch_the_time()
        first, second = self.matchup.sides[story.cell]
        started = time.monotonic() - self._started
        try:
            try:
                pair = measure_pair(first, second, self.ledger.facts.rounds, self._order)
            except SideError:
                pair = measure_pair(first, second, self.ledger.facts.rounds, self._order)
        except SideError as ended:
            self.ledger.note(FailureRecord(story.cell, SIDES[ended.side], ended.reason))
        else:
            self._pairs += 1
            sizes = sizes_of(first, second)
            self.ledger.note(record_of(pair, sizes, cell=story.cell, run=run, started=started))

    def _watch_the_time(self) -> None:
        """No pair is begun that would probably end after the budget."""
        elapsed = time.monotonic() - self._started
        if self.budget is not None and elapsed + elapsed / max(1, self._pairs) * bool(self._pairs) > self.budget:
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
        early=pair.early,
        started=round(started, 3),
    )
