"""Scheduler: repeats over the grid in random order, until each cell is precise, or the budget or the plan ends."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from random import Random

from bench.errors import OutOfTimeError
from bench.interrupts import held_back
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.grid import task_of
from bench.plan.plan import Plan
from bench.session.collector import Collector
from bench.session.flight import Report, results_of
from bench.session.forecast import Forecast
from bench.session.standing import Standing
from bench.session.time_left import TimeLeft
from bench.store.result import Result
from bench.store.unfinished import SPENT
from bench.vocabulary import RunStatus


@dataclass(slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        cell: the one being measured.
        repeat: the pass over the grid, from 0.
        stage: what is being measured.
        share: how much of the time that all of it takes is over, 0 to 1, as far as can be known.
        left: seconds until the command ends, by what was expected and what the tasks so far took.

    """

    cell: Cell
    repeat: int
    stage: str
    share: float
    left: float


@dataclass(frozen=True, slots=True)
class _Turn:
    """A task that is due: where the run stands then, and whether less of the budget is left than it may take."""

    progress: Progress
    cut: bool


@dataclass(slots=True)
class Scheduler:
    """Runs a plan's cells; how it ended is in `outcome` and `endings` afterwards.

    Args:
        plan: repeats, precision, budget, seed of the order.
        cells: what to measure.
        collector: measures cells, as many at once as it has slots.
        devices: the facts of each device of the cells, by name.
        keep: called with each result as soon as there is one.
        tell: called with the progress at each stage, and with each result.
        past: results of earlier sessions of this run, by cell and repeat; they are not measured again.
        started: when the budget began to run, by the monotonic clock.
        forecast: how long tasks take.

    """

    plan: Plan
    cells: Sequence[Cell]
    collector: Collector
    devices: Mapping[str, DeviceFacts]
    keep: Callable[[Result], None]
    tell: Callable[[Progress, Result | None], None]
    past: Mapping[tuple[Cell, int], Result] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    forecast: Forecast | None = None
    outcome: RunStatus = "running"
    _standing: Standing = field(init=False)
    _clock: TimeLeft = field(init=False)
    _late: bool = False
    _begun: set[Cell] = field(default_factory=set)  # whose turn has come

    def __post_init__(self) -> None:
        self._standing = Standing(self.plan)
        forecast = self.forecast or Forecast(self.plan)
        self._clock = TimeLeft(self.plan, self.cells, self._standing, forecast, self.collector.slots, self.started)

    @property
    def endings(self) -> dict[Cell, str]:
        """Why each cell gets no further repeat."""
        return self._standing.endings

    def run(self) -> None:
        """Measure every cell once a repeat, in an order drawn afresh each time; then what was disturbed again.

        The cells of one seed in a repeat are a round, before which the executor is renewed: what its processes share
        would else shift all times of the run together (docs/measurement.md).

        A cell whose turn never comes, since the budget is spent or the run is interrupted, gets its line all the same.

        Raises:
            KeyboardInterrupt: as it came.

        """
        try:
            self._measure_all()
        except KeyboardInterrupt:
            self.outcome = "interrupted"
            self._leave_out("the run was interrupted")
            raise
        except OutOfTimeError:
            self.outcome = "out of time"
            for cell in self.cells:
                self.endings.setdefault(cell, SPENT)
            self._leave_out(self._spent())
        else:
            self.outcome = "finished"
            self._standing.end(self.cells)

    def _measure_all(self) -> None:
        order = Random(self.plan.order_seed)
        for repeat in range(self.plan.repeats + self.plan.again):
            if repeat == self.plan.repeats:
                self._standing.note_late(self.cells)
            due = [cell for cell in self.cells if self._standing.is_due(cell, repeat)]
            order.shuffle(due)
            for cells in _by_seed(due):
                turns = self._turns(cells, repeat)
                for turn, result in results_of(turns, self.collector.slots, self._hear):
                    self._take(turn, result)
            if self._late and repeat < self.plan.repeats:
                raise OutOfTimeError

    def _turns(self, cells: Sequence[Cell], repeat: int) -> Iterator[tuple["_Turn", Callable[[Report], Result]]]:
        """The tasks of one round, each begun only when it is drawn, while the budget lasts."""
        fresh = not self.plan.blocks  # where nothing is timed, nothing needs to be
        for cell in cells:
            if (cell, repeat) in self.past:
                self._standing.learn(self.past[cell, repeat])
                self._clock.passed(self.past[cell, repeat])
                continue
            if not fresh and self._left() > 0:
                self._renew()
                fresh = True
            budget = self._left()
            self._late = self._late or budget <= 0
            if self._late:
                return
            self._clock.begin(cell, repeat, time.monotonic())
            self._begun.add(cell)
            task = task_of(cell, self.plan, repeat, self.devices)
            turn = _Turn(
                Progress(cell, repeat, "start", *self._clock.read(time.monotonic())), cut=budget < task.timeout
            )
            yield turn, partial(self.collector.measure, replace(task, timeout=min(task.timeout, budget)))

    def _renew(self) -> None:
        before = time.monotonic()
        self.collector.renew()
        self._clock.renewed(time.monotonic() - before)

    def _left(self) -> float:
        """Seconds of the budget that are left."""
        return inf if self.plan.budget is None else self.plan.budget - (time.monotonic() - self.started)

    def _hear(self, turn: "_Turn", stage: str) -> None:
        turn.progress.stage = stage
        turn.progress.share, turn.progress.left = self._clock.read(time.monotonic())
        self.tell(turn.progress, None)

    def _take(self, turn: "_Turn", result: Result) -> None:
        """Keep a result, unless the budget cut its task short: then a resumed run measures it."""
        cell = result.cell
        if result.status == "timeout" and turn.cut:
            self._late = True
            if not self._standing.knows(cell):  # else what was measured before stays good
                self._standing.mark(cell)
                self.keep(replace(result, status="skipped", reason=f"{self._spent()} while it was first measured"))
            return
        with held_back():  # an interrupt finds the cell measured, and its line whole, or neither
            self.keep(result)
            self._standing.learn(result)
        self._clock.end(result)
        turn.progress.share, turn.progress.left = self._clock.read(time.monotonic())
        self.tell(turn.progress, result)

    def _spent(self) -> str:
        return f"the budget of {self.plan.budget:g} s ended"

    def _leave_out(self, why: str) -> None:
        """Keep a line of each cell that has none, with the reason and whether its turn had come."""
        for cell in self.cells:
            if not self._standing.knows(cell) and (cell, 0) not in self.past:
                when = "while it was first measured" if cell in self._begun else "before its turn"
                self.keep(Result(cell, "skipped", f"{why} {when}"))


def _by_seed(cells: Iterable[Cell]) -> list[list[Cell]]:
    """The cells of each seed, the seeds and the cells of each in the order that was drawn."""
    rounds: dict[int, list[Cell]] = {}
    for cell in cells:
        rounds.setdefault(cell.seed, []).append(cell)
    return list(rounds.values())
