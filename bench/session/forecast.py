"""Forecast: how long the tasks that are left will take, by what was expected and by what those before took."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.estimate import (
    COST_SECONDS,
    RENEWAL_SECONDS,
    START_SECONDS,
    learning_seconds,
    timing_seconds,
    training_seconds,
)
from bench.plan.plan import Plan
from bench.session.pace import Pace
from bench.store.result import Result


@dataclass(frozen=True, slots=True)
class Parts:
    """Seconds of a cell's task: of the timing, of all its epochs if no limit ended them, and of what is beside these.

    The last, the exact counts and the evaluations, are of the first repeat alone, as training is.
    """

    timing: float
    training: float = 0.0
    beside: float = 0.0


Expected = Callable[[Cell, Plan], Parts]


def SAME(_cell: Cell, _plan: Plan) -> Parts:  # noqa: N802 - stands for the estimate where there is none
    """Each task as long as any other."""
    return Parts(1.0)


def expected_of(catalogue: Catalogue) -> Expected:
    """What tasks are likely to take, by what is known of their cells."""

    def expected(cell: Cell, plan: Plan) -> Parts:
        timing = timing_seconds(cell, plan, catalogue) if plan.blocks else START_SECONDS
        training = training_seconds(cell, plan, catalogue)
        limited = min(training, plan.train_limit or training)
        return Parts(timing, training, learning_seconds(cell, plan, catalogue) - limited + COST_SECONDS)

    return expected


@dataclass(slots=True)
class Forecast:
    """Learns from each result.

    Args:
        plan: what is run.
        expected: what a task is likely to take, before any was measured.
        after: seconds that go by after the last task.

    """

    plan: Plan
    expected: Expected = SAME
    after: float = 0.0
    _parts: dict[Cell, Parts] = field(default_factory=dict)  # what was expected of each configuration
    _timing: Pace = field(default_factory=Pace)  # of a configuration in its first repeat, or in later ones
    _training: Pace = field(default_factory=Pace)
    _renewals: list[float] = field(default_factory=list)

    def learn(self, result: Result) -> None:
        """Note how long a task took that ended well."""
        if result.status != "ok" or result.seconds is None:
            return
        cell, expected = result.cell.configuration, self._expected(result.cell)
        first, rest = not result.repeat, result.seconds
        if (learnt := result.training) and learnt["epochs"] and (last := learnt["epochs"][-1])["epoch"]:
            rest -= last["seconds"]
            self._training.note(cell, last["seconds"] * self.plan.epochs / last["epoch"], expected.training)
        self._timing.note((cell, first), rest, expected.timing + expected.beside * first)

    def learn_renewal(self, seconds: float) -> None:
        """Note how long it took to start afresh."""
        self._renewals.append(seconds)

    @property
    def renewal(self) -> float:
        """Seconds that the next fresh start is likely to take."""
        return sum(self._renewals) / len(self._renewals) if self._renewals else RENEWAL_SECONDS

    def seconds(self, cell: Cell, repeat: int) -> float:
        """How long the task of this cell and repeat is likely to take."""
        expected, plain = self._expected(cell), cell.configuration
        if repeat:
            known = (plain, False) if self._timing.knows((plain, False)) else (plain, True)
            return self._timing(known, expected.timing)
        rest, whole = expected.timing + expected.beside, self._training(plain, expected.training)
        return self._timing((plain, True), rest) + min(whole, self.plan.train_limit or whole)

    def _expected(self, cell: Cell) -> Parts:
        whatever_seed = cell.configuration
        if whatever_seed not in self._parts:
            self._parts[whatever_seed] = self.expected(whatever_seed, self.plan)
        return self._parts[whatever_seed]


def whole_seconds(cells: Iterable[Cell], plan: Plan, expected: Expected) -> float:
    """How long all repeats of the cells are likely to take, before any was measured."""
    forecast = Forecast(plan, expected)
    return sum(forecast.seconds(cell, repeat) for cell in cells for repeat in range(plan.repeats))
