"""Recording: a run while it is measured: its collector, the results of earlier sessions, and its observer."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.session.collector import Collector
from bench.session.forecast import SAME, Expected, Forecast
from bench.session.observer import SILENT, Observer
from bench.session.scheduler import Scheduler
from bench.store.result import Result
from bench.store.run import Run


@dataclass(frozen=True, slots=True)
class Recording:
    """What all schedules of a session share.

    Attributes:
        run: where results go, one by one.
        collector: measures a cell.
        devices: the facts of each device, by name.
        observer: is told of it.
        past: results of earlier sessions of this run, by cell and repeat; they are not measured again.
        expected: what a task is likely to take, before any was measured.
        after: seconds that go by after the last task.
        started: when the budget began to run, by the monotonic clock.

    """

    run: Run
    collector: Collector
    devices: Mapping[str, DeviceFacts]
    observer: Observer = SILENT
    past: Mapping[tuple[Cell, int], Result] = field(default_factory=dict)
    expected: Expected = SAME
    after: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def schedule(
        self, plan: Plan, cells: Sequence[Cell], keep: Callable[[Result], None] | None = None, then: float = 0.0
    ) -> Scheduler:
        """The schedule of these cells; its results go into the run, or to `keep`, which sees to that.

        Whatever is measured `then` takes so many seconds more.
        """
        advanced = self.observer.advanced
        kept = keep or self.run.append
        forecast = Forecast(plan, self.expected, self.after + then)
        past, started = self.past, self.started
        return Scheduler(plan, cells, self.collector, self.devices, kept, advanced, past, started, forecast)

    def leave_out(self, cells: Sequence[Cell], reason: str) -> None:
        """Record that the turn of these cells never came."""
        for cell in cells:
            self.run.append(Result(cell, "skipped", reason))
