"""Time left: of a schedule: what is to be measured yet, how long that takes, and how much of the whole is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.session.forecast import Forecast
from bench.session.standing import Standing
from bench.store.result import Result

Key = tuple[Cell, int]  # a task


@dataclass(slots=True)
class TimeLeft:
    """Is told of each task that begins and ends.

    Args:
        plan: how often each cell is measured.
        cells: what is measured.
        standing: which cells need which repeats.
        forecast: how long tasks take.
        slots: how many run at once.
        started: when the run began, by the monotonic clock.

    """

    plan: Plan
    cells: Sequence[Cell]
    standing: Standing
    forecast: Forecast
    slots: int
    started: float
    _over: set[Key] = field(default_factory=set)  # those that ended, or that an earlier session measured
    _begun: dict[Key, float] = field(default_factory=dict)  # when each that runs was begun
    _behind: float = 0.0  # seconds of those that are not begun
    _rounds: set[tuple[int, int]] = field(default_factory=set)  # those that were begun, by seed and repeat
    _share: float = 0.0

    def passed(self, result: Result) -> None:
        """An earlier session measured this, so that it is not made again."""
        self.forecast.learn(result)
        self._over.add((result.cell, result.repeat))

    def renewed(self, seconds: float) -> None:
        """The executor started afresh; the first time it had nothing to end."""
        if self._over:
            self.forecast.learn_renewal(seconds)

    def begin(self, cell: Cell, repeat: int, now: float) -> None:
        """A task begins."""
        self._begun[cell, repeat] = now
        self._rounds.add((cell.seed, repeat))
        self._reckon(repeat)

    def end(self, result: Result) -> None:
        """A task has ended, of whose cell the standing knows."""
        self.forecast.learn(result)
        self._begun.pop((result.cell, result.repeat), None)
        self._over.add((result.cell, result.repeat))
        self._reckon(result.repeat)

    def read(self, now: float) -> tuple[float, float]:
        """How much of the whole is over, as a share of its time that never shrinks, and the seconds that are left."""
        running = sum(max(self.forecast.seconds(*key) - (now - begun), 0.0) for key, begun in self._begun.items())
        left = (running + self._behind) / self.slots + self.forecast.after
        elapsed = now - self.started
        self._share = max(self._share, elapsed / (elapsed + left) if elapsed + left else 0.0)
        return self._share, left

    def _reckon(self, repeat: int) -> None:
        """See anew what is behind the tasks that run: it depends on all results so far."""
        self._behind = self._to_come(repeat)

    def _to_come(self, repeat: int) -> float:
        """Seconds of the tasks that are likely from this repeat on and not begun, and of fresh starts before rounds."""
        tasks = {key: chance for cell in self.cells for key, chance in self._tasks(cell, repeat)}
        rounds: dict[tuple[int, int], float] = {}  # how many tasks each is likely to have
        for (cell, later), chance in tasks.items():
            rounds[cell.seed, later] = rounds.get((cell.seed, later), 0.0) + chance
        fresh = sum(min(count, 1.0) for known, count in rounds.items() if known not in self._rounds)
        renewals = fresh * self.forecast.renewal * self.slots if self.plan.blocks else 0.0
        return renewals + sum(chance * self.forecast.seconds(*key) for key, chance in tasks.items())

    def _tasks(self, cell: Cell, repeat: int) -> Iterator[tuple[Key, float]]:
        """The tasks of a cell that are not begun, and how likely each is."""
        planned = [later for later in self.standing.likely(cell, repeat) if (cell, later) not in self._over]
        again = self.standing.likely_again(cell, len(planned))
        for later, chance in (*((later, 1.0) for later in planned), *again):
            if (cell, later) not in self._begun:
                yield (cell, later), chance
