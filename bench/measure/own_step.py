"""Own step: a step of the user's own in blocks, timed whole and by the phases that it marks with `bench.phase`."""

from collections.abc import Callable, Sequence
from threading import get_ident

import numpy as np

from bench import phases
from bench.devices import Device
from bench.errors import BenchError
from bench.measure.blocks import GAP, Block, Mark, PhaseLog, WarmUp, run_block, run_untimed, warm_up
from bench.plan.timing import LEAD_SECONDS, WARM_SECONDS
from bench.store.result import Floats

# What is of the step and of no phase: from its begin to the first one, and between them. No identifier, as phases are.
BEGIN, BETWEEN = "(begin)", "(between)"
OWN = (BEGIN, BETWEEN)


class OwnStep:
    """A step that is called without arguments.

    Args:
        call: the step; what it returns is of no interest.
        device: where its work runs, whose clock is read.

    Attributes:
        device: as above.

    """

    def __init__(self, call: Callable[[], object], device: Device) -> None:
        self.device = device
        self._call = call
        self._log = PhaseLog(OWN)
        self._known: set[str] = set()
        self._open: list[str] = []
        self._marks, self._first = 2, 0  # the most marks of a step so far; where the entries of this step begin
        self._thread = get_ident()
        self._mark: Mark = lambda: None

    def step(self, mark: Mark) -> None:
        """One step, with a mark where it begins, where each phase begins and ends, and at its end.

        Raises:
            BenchError: a phase is still open at its end.

        """
        self._mark, entered = mark, self._log.entered
        self._first = len(entered)
        mark()
        entered.append(BEGIN)
        self._call()
        mark()
        entered.append(GAP)
        if self._open:
            name = self._open[-1]
            raise BenchError(f'the phase "{name}" is open when its step ends: enter and leave it in one step')
        self._marks = max(self._marks, len(entered) - self._first)

    def enter(self, name: str) -> None:
        """As `bench.phases.Recorder`.

        Raises:
            BenchError: the name is no identifier, or it is entered in another thread than its step.

        """
        if name not in self._known:
            if not isinstance(name, str) or not name.isidentifier():
                raise BenchError(f"a phase is called by an identifier such as forward, not {name!r}")
            self._known.add(name)
            self._log.phases += (name,)
        self._check_thread(name)
        self._open.append(name)
        self._mark()
        self._log.entered.append(name)

    def leave(self) -> None:
        """As `bench.phases.Recorder`."""
        self._check_thread(self._open[-1] if self._open else "")
        if not self._open:
            raise BenchError("a phase is left that was not entered in the same step")
        self._open.pop()
        self._mark()
        self._log.entered.append(self._open[-1] if self._open else BETWEEN)

    def _check_thread(self, name: str) -> None:
        if get_ident() != self._thread:
            raise BenchError(f'the phase "{name}" runs in another thread than its step: mark it where the step runs')

    def once(self) -> None:
        """One step that nobody times, to learn which phases it marks."""
        with phases.recorded(self):
            self._untimed(lambda: None)

    def warm_up(self, least: float = WARM_SECONDS) -> WarmUp:
        """As `bench.measure.blocks.warm_up`."""
        with phases.recorded(self):
            return warm_up(self.device, self._untimed, least)

    def lead_in(self) -> None:
        """Untimed steps before a block that follows on something else."""
        with phases.recorded(self):
            run_untimed(self.device, self._untimed, LEAD_SECONDS)

    def block(self, steps: int) -> Block:
        """One block of so many steps; `seconds_of`, `phases_of` and `outside_of` read it."""
        with phases.recorded(self):
            return run_block("step", self.device, self.step, steps, self._marks, phase_log=self._log)

    def _untimed(self, mark: Mark) -> None:
        """A step whose phases nobody reads."""
        self.step(mark)
        self._log.entered.clear()

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that were seen, in the order in which they were first entered."""
        return self._log.phases[len(OWN) :]

    def phases_of(self, blocks: Sequence[Block]) -> dict[str, Floats]:
        """Seconds of each phase in each step of the blocks, 0 in a step that has none of it."""
        first = len(OWN)
        return {name: _column(blocks, at) for at, name in enumerate(self.phases, first)}


def seconds_of(blocks: Sequence[Block]) -> Floats:
    """Seconds of each step of the blocks: all of it but the gap to the next one."""
    return np.concatenate([block.intervals[:, :-1].sum(axis=1) for block in blocks])


def outside_of(blocks: Sequence[Block]) -> Floats:
    """Seconds of each step of the blocks that are in none of its phases."""
    return np.concatenate([block.intervals[:, : len(OWN)].sum(axis=1) for block in blocks])


def _column(blocks: Sequence[Block], at: int) -> Floats:
    """Seconds of a phase; blocks from before it was first seen have no column for it, and the last one is the gap's."""
    columns = [
        block.intervals[:, at] if at < block.intervals.shape[1] - 1 else np.zeros(block.steps) for block in blocks
    ]
    return np.concatenate(columns)
