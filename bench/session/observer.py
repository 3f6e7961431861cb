"""Observer: is told of a session while it runs. This one does nothing; a subclass overrides the methods it needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.grid import Grid
from bench.plan.largest import Largest
from bench.plan.plan import Plan
from bench.session.missing import Missing, Past
from bench.session.scheduler import Progress
from bench.store.result import Result


@dataclass(frozen=True, slots=True)
class Work:
    """What a plan comes to on this machine.

    Attributes:
        plan: what was asked for.
        catalogue: what is registered, and what the machine can do.
        grid: the cells to measure, and those left out with their reasons.
        trials: what is trained before, to find learning rates.
        seconds: how long what is missing of it is likely to take.
        past: the results that a run which is resumed has already, by cell and repeat.
        missing: what such a run lacks; None where nothing was measured before.
        largest: what the searches for the largest batches found.

    """

    plan: Plan
    catalogue: Catalogue
    grid: Grid
    trials: Sequence[Cell]
    seconds: float
    past: Past = field(default_factory=dict)
    missing: Missing | None = None
    largest: Sequence[Largest] = ()


class Observer:
    """Is told of a session; does nothing."""

    def warned(self, text: str) -> None:
        """Something is not as it was asked for, and the session goes on: a plug-in that is left out, say."""

    def noted(self, text: str) -> None:
        """What is done or was found before anything is measured: a try of a batch, say."""

    def began(self, work: Work) -> None:
        """The run's folder is there, and measuring begins."""

    def advanced(self, progress: Progress, result: Result | None) -> None:
        """A task is at another stage; or it has ended, with this result."""

    def ended(self) -> None:
        """Measuring is over, however it ended."""

    def turned_to(self, revision: str, number: int, count: int) -> None:
        """The revision, the `number`-th of `count`, is measured next."""

    def relayed(self, line: str) -> None:
        """The program of another revision wrote this line to its standard error."""


SILENT = Observer()
