"""Contest: makes pairs of both sides of each cell until the gate has decided, and fails none on one run alone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from random import Random

from bench.compare.log import Ledger, Story
from bench.compare.outcome import common
from bench.compare.pairs import Pair, Side, SideError, ask_both, measure_pair
from bench.errors import OutOfTimeError
from bench.process.worker import WorkerError
from bench.stats.sequential_test import LOOKS, Look, settled

COUNT_SECONDS = 120.0
SIDES = ("before", "after")
SHARED = 3  # pairs that share a pair of servers
KEPT = ("min", "p10", "p25", "median")
Told = Callable[[str, int, int, Look | None], None]


@dataclass(slots=True)
class Contest:
    """The cells that are compared.

    Args:
        sides: by the cell's name, before and after.
        ledger: takes every number as it is found.
        tolerance: the slowdown, as a share, from which on a loss matters.
        rounds: blocks of each side in a pair.
        order: draws who starts, and the order of cells and blocks.
        budget: seconds after which no pair is begun; None for no end.
        tell: hears of each pair: cell, run, how many pairs, and the look if there was one.
        renew: gives both sides fresh servers: workers of one server have things in common that a pair cannot average
            out, so a second run on the same servers would not be independent.

    """

    sides: Mapping[str, tuple[Side, Side]]
    ledger: Ledger
    tolerance: float
    rounds: int
    order: Random
    budget: float | None
    tell: Told
    renew: Callable[[], None] = lambda: None
    _started: float = 0.0
    _pairs: int = 0

    def run(self) -> None:
        """Count, compare, and compare again what failed. Ends early where the budget does; the ledger says so.

        Raises:
            KeyboardInterrupt: as it came; the ledger says so too.

        """
        ended, self._started = "interrupted", time.monotonic()
        try:
            self._compare()
            ended = ""
        except OutOfTimeError:
            ended = "out of time"
        finally:
            self.ledger.note({"ended": ended, "seconds": time.monotonic() - self._started})

    def _compare(self) -> None:
        stories = [self.ledger.stories[cell] for cell in self.sides]
        for story in stories:
            self._count(story)
        first = self._series(1, stories)
        failing = [story for story in stories if (found := first.get(story.cell)) and found.outcome == "fail"]
        second = self._series(2, failing)
        if any(found.outcome == "fail" for found in second.values()):
            return  # a cell has lost for certain; the mean over cells would add nothing
        both = common(stories, 1, self.tolerance)
        if both is not None and both.outcome == "fail":
            self._series(2, [story for story in stories if story not in failing])

    def _count(self, story: Story) -> None:
        """The exact counts of both sides; a side that cannot be counted cannot be timed either."""
        first, second = self.sides[story.cell]
        found = ask_both(first, second, "bench.worker.ab_side:count", "counts", COUNT_SECONDS)
        failed = {name: one.reason for name, one in zip(SIDES, found, strict=True) if isinstance(one, WorkerError)}
        if failed:
            self.ledger.note({"cell": story.cell, "failed": failed})
        else:
            self.ledger.note({"cell": story.cell, "counts": dict(zip(SIDES, found, strict=True))})

    def _series(self, run: int, stories: Sequence[Story]) -> dict[str, Look]:
        """One run of each cell, their pairs interleaved, until each is decided: the deciding looks by cell."""
        decided: dict[str, Look] = {}
        due = [story for story in stories if not story.failed]
        fresh = run == 1  # the servers of a first run are new already
        while due:
            if not fresh:
                self.renew()
            self.order.shuffle(due)
            for story in due:
                self._pair(run, story)
                count = len(story.logs(run))
                found = settled(story.logs(run), self.tolerance) if count in LOOKS else None
                if found is not None:
                    decided[story.cell] = found
                self.tell(story.cell, run, count, found)
            due = [one for one in due if not one.failed and _open(decided.get(one.cell))]
            fresh = not any(len(one.logs(run)) % SHARED == 0 for one in due)
        return decided

    def _pair(self, run: int, story: Story) -> None:
        """One pair into the ledger; a side that fails twice in a row has failed."""
        self._watch_the_time()
        first, second = self.sides[story.cell]
        started = time.monotonic() - self._started
        try:
            try:
                pair = measure_pair(first, second, self.rounds, self.order)
            except SideError:
                pair = measure_pair(first, second, self.rounds, self.order)
        except SideError as ended:
            self.ledger.note({"cell": story.cell, "failed": {SIDES[ended.side]: ended.reason}})
        else:
            self._pairs += 1
            self.ledger.note({"cell": story.cell, "run": run, "pair": _numbers(pair, first, second, started)})

    def _watch_the_time(self) -> None:
        """No pair is begun that would probably end after the budget."""
        elapsed = time.monotonic() - self._started
        if self.budget is not None and elapsed + elapsed / max(1, self._pairs) * bool(self._pairs) > self.budget:
            raise OutOfTimeError


def _open(found: Look | None) -> bool:
    return found is None or found.outcome == "continue"


def _numbers(pair: Pair, first: Side, second: Side, started: float) -> dict[str, object]:
    """What is kept of a pair; seconds an image where the sides' batch sizes differ, else seconds a step."""
    apart = first.cell.batch_size != second.cell.batch_size
    sizes = (first.cell.batch_size, second.cell.batch_size) if apart else (1, 1)
    before, after = (seconds / size for seconds, size in zip(pair.seconds(), sizes, strict=True))
    return {
        "log_ratio": log(after / before),
        "before": before,
        "after": after,
        "phases": {
            name: [one / size for one, size in zip(both, sizes, strict=True)] for name, both in pair.phases.items()
        },
        "statistic": pair.statistic,
        "quantiles": {name: pair.seconds(name) for name in KEPT},  # of a step, to choose the estimator by
        "faults": pair.faults,
        "steady": pair.steady,
        "early": pair.early,
        "started": round(started, 3),
    }
