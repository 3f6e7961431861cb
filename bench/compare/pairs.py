"""Pairs: two workers, alive together, that run blocks in turn; one pair gives one log ratio."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import numpy as np

from bench.compare.start_order import first_sides
from bench.plan.cell import Cell
from bench.plan.compiled import as_torch_has_it
from bench.plan.step import StepSource
from bench.process import entries
from bench.process.handed import with_objects
from bench.process.layout import Layout
from bench.process.messages import BlockTimes, Ready, SideTask, StepTask
from bench.process.step_task import task_of
from bench.process.worker import Worker, WorkerError
from bench.store.result import QUANTILES, Floats
from bench.vocabulary import PairQuantile

SETUP_SECONDS = 60.0  # until both are warm
LONG_SETUP_SECONDS = 180.0  # instead where a step is compiled or captured, or a device has to start
BLOCK_TIMEOUT = 60.0
STEP_SECONDS = 600.0  # instead of either for a step of the user's own, which may read its data first
CLOSE_SECONDS = 30.0  # for such a step to put away what it opened

Counts = dict[str, float] | WorkerError


class Starter(Protocol):
    """Who starts the workers of a side, here: `Workers`, or a `TreeClient` for another tree or environment."""

    def start(self, entry: str, task: Any) -> Worker:
        """A fresh worker that runs the function `entry` on `task`."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair.

    Attributes:
        starter: who starts its workers.
        cell: what they run.
        inject: how much more work each step does than it says, as a share: a slowdown of known size.
        data_dir: folder with data sets that are not embedded; "" for the default.
        heap_offset: by how many bytes its workers' heaps are shifted; None to draw it for each.
        on_host: whether the device is the host's processor.
        step: a step of the user's own that they run in place of the cell, which says no more than its name, its
            threads and its device.

    """

    starter: Starter
    cell: Cell
    inject: float = 0.0
    data_dir: str = ""
    heap_offset: int | None = None
    on_host: bool = True
    step: StepSource | None = None

    @property
    def entry(self) -> str:
        """The function that answers with blocks."""
        return entries.AB_BLOCKS if self.step is None else entries.AB_STEP_BLOCKS

    def start(self) -> Worker:
        """A worker that answers with blocks."""
        return self.starter.start(*with_objects({} if self.step is None else self.step.handed, self.entry, self.task()))

    def patience(self, seconds: float) -> float:
        """How long to wait for what takes a cell so many seconds at most."""
        return seconds if self.step is None else STEP_SECONDS

    @property
    def setup_seconds(self) -> float:
        """How long to wait until it is warm."""
        plain = self.on_host and as_torch_has_it(self.cell) == self.cell
        return self.patience(SETUP_SECONDS if plain else LONG_SETUP_SECONDS)

    @property
    def fills_its_device(self) -> bool:
        """Whether it leaves no core, or no other device, to a second one that warms up at the same time."""
        return self.cell.threads > 1 or not self.on_host

    def task(self) -> SideTask | StepTask:
        """What its workers are asked."""
        if self.step is not None:
            return task_of(self.step, device=self.cell.device, threads=self.cell.threads, inject=self.inject)
        task = SideTask(cell=self.cell.to_dict(), inject=self.inject, data_dir=self.data_dir)
        if self.heap_offset is not None:
            task["heap_offset"] = self.heap_offset
        return task


class SideError(WorkerError):
    """A worker of a pair did not do its part; `side` is 0 for the first and 1 for the second."""

    def __init__(self, side: int, ended: WorkerError) -> None:
        super().__init__(ended.status, ended.reason)
        self.side = side


@dataclass(frozen=True, slots=True)
class Pair:
    """What one pair of processes gave.

    Attributes:
        first: seconds of each step of the first cell, (blocks, steps).
        second: the same of the second.
        phases: seconds of each phase of a step that both have, first's and second's, by one low quantile.
        faults: page faults of both.
        steady: whether both were steady when the first block began.
        started_first: the side that was started first, 0 or 1.
        statistic: the quantile of the steps that stands for a side, see `location`.
        layouts: where the memory of either lies, as it says.
        busy: the share of their core that the threads had in all blocks of both, of several threads the one that waited
            longest; None where it is not known: on a GPU, or where a side of an older revision does not tell.
        clocks: the mean clock of the GPU in the blocks of either, Hz; None where some block does not tell.
        dropped: how many blocks did not count, since the GPU was throttled.

    """

    first: Floats
    second: Floats
    phases: dict[str, tuple[float, float]]
    faults: int
    steady: bool = True
    started_first: int = 0
    statistic: PairQuantile = "p25"
    layouts: tuple[Layout, Layout] = ({}, {})
    busy: float | None = None
    clocks: tuple[float, float] | None = None
    dropped: int = 0

    def seconds(self, statistic: PairQuantile | None = None) -> tuple[float, float]:
        """Seconds a step of the first and the second, by one quantile of all their steps."""
        low = QUANTILES[statistic or self.statistic]
        return float(np.quantile(self.first, low)), float(np.quantile(self.second, low))

    def log_ratio(self, statistic: PairQuantile | None = None) -> float:
        """Logarithm of second over first, by one quantile of all their steps: positive when the second is slower."""
        first, second = self.seconds(statistic)
        return float(np.log(second / first))


def location(*statistics: PairQuantile) -> PairQuantile:
    """The quantile that stands for both sides: the higher one, since below it one of them is the noisier."""
    return max(statistics, key=QUANTILES.__getitem__)


def measure_pair(first: Side, second: Side, blocks: int, order: Random, start: int | None = None) -> Pair:
    """Time two sides, each in its own fresh process, in alternating blocks; who waits is stopped meanwhile.

    Args:
        first: one side.
        second: the other.
        blocks: of each.
        order: draws which side goes first in each pair of blocks, in two of them each side once.
        start: the side whose process starts first, 0 or 1: the one that starts second can be some percent faster all
            its life. None draws it from `order`.

    Raises:
        SideError: a worker crashed, raised, or did not answer in time.

    """
    sides = (first, second)
    start = order.choice([0, 1]) if start is None else start
    with ExitStack() as stack:
        workers, ready = _both_warm(sides, start, stack)
        answers: dict[int, list[BlockTimes]] = {0: [], 1: []}
        for ahead, _ in zip(first_sides(order), range(blocks), strict=False):
            for side in (ahead, 1 - ahead):
                workers[side].resume()
                _ask(workers, side, ready[side]["steps"])
                answers[side].append(_answer(workers, side, "block", sides[side].patience(BLOCK_TIMEOUT)))
                workers[side].pause()
        for side in (0, 1):
            if sides[side].step is not None:
                _close(workers[side])
    times = [np.array([block["seconds"] for block in answers[side]]) for side in (0, 1)]
    statistic = location(*(side["statistic"] for side in ready.values()))
    return Pair(
        first=times[0],
        second=times[1],
        phases=_phases(answers, statistic),
        faults=sum(block["faults"] for side in (0, 1) for block in answers[side]),
        steady=all(side["steady"] for side in ready.values()),
        started_first=start,
        statistic=statistic,
        layouts=_layouts(ready),
        busy=_busy([*answers[0], *answers[1]]),
        clocks=_clocks(answers),
        dropped=sum(block.get("dropped", 0) for side in (0, 1) for block in answers[side]),
    )


def _both_warm(sides: Sequence[Side], start: int, stack: ExitStack) -> tuple[dict[int, Worker], dict[int, Ready]]:
    """A fresh worker of each side, warm and stopped, with what it says of that; `start` is started first."""
    starts = (start, 1 - start)
    crowded = any(side.fills_its_device for side in sides)
    workers: dict[int, Worker] = {}
    ready: dict[int, Ready] = {}
    for side in starts:
        workers[side] = stack.enter_context(_started(sides, side))
        if crowded:  # two that warm up at once on all cores or on one GPU take longer, and size their blocks by that
            ready[side] = _warmed(workers, side, sides[side].setup_seconds)
    for side in starts:
        ready[side] = ready.get(side) or _warmed(workers, side, sides[side].setup_seconds)
    return workers, ready


def _layouts(ready: dict[int, Ready]) -> tuple[Layout, Layout]:
    """Where the memory of both lies; a revision from before it was recorded does not tell."""
    first, second = (ready[side].get("layout", Layout()) for side in (0, 1))
    return first, second


def _busy(blocks: Sequence[BlockTimes]) -> float | None:
    """CPU seconds over seconds; None where a block does not tell."""
    seconds = [(block["cpu"], block["wall"]) for block in blocks if "cpu" in block and "wall" in block]
    if len(seconds) < len(blocks):
        return None
    cpu, wall = np.sum(seconds, axis=0)
    return float(cpu / wall)


def _clocks(answers: Mapping[int, Sequence[BlockTimes]]) -> tuple[float, float] | None:
    """The mean clock of either side's blocks; None where a block does not tell."""
    first, second = ([block["clock"] for block in answers[side] if "clock" in block] for side in (0, 1))
    if len(first) < len(answers[0]) or len(second) < len(answers[1]):
        return None
    return float(np.mean(first)), float(np.mean(second))


def _warmed(workers: dict[int, Worker], side: int, patience: float) -> Ready:
    """What the worker says once it is warm; it is stopped then."""
    ready: Ready = _answer(workers, side, "ready", patience)
    workers[side].pause()
    return ready


def _close(worker: Worker) -> None:
    """Let a step put away what it opened; nothing that is timed depends on how that ends."""
    worker.resume()
    with suppress(OSError, WorkerError):
        worker.send(None)
        while worker.receive(CLOSE_SECONDS) is not None:
            pass


def count_both(first: Side, second: Side, timeout: float) -> tuple[Counts, Counts]:
    """The exact counts of both sides, by metric, both at work at the same time: nothing is timed.

    A side that cannot be counted gives the WorkerError that came instead.
    """
    with ExitStack() as stack:
        workers = {
            at: stack.enter_context(side.starter.start(entries.AB_COUNTS, side.task()))
            for at, side in enumerate((first, second))
        }
        return _counts(workers, 0, timeout), _counts(workers, 1, timeout)


def _counts(workers: dict[int, Worker], side: int, timeout: float) -> Counts:
    try:
        counts: dict[str, float] = _answer(workers, side, "counts", timeout)
    except WorkerError as ended:
        return ended
    return counts


def _started(sides: Sequence[Side], side: int) -> Worker:
    try:
        return sides[side].start()
    except WorkerError as ended:
        raise SideError(side, ended) from ended


def _ask(workers: dict[int, Worker], side: int, steps: int) -> None:
    try:
        workers[side].send(steps)
    except OSError as error:
        raise SideError(side, WorkerError("failed", f"the worker has ended: {error}")) from error


def _answer(workers: dict[int, Worker], side: int, kind: str, timeout: float) -> Any:
    """The payload of the worker's next part, which must be of that kind."""
    try:
        part = workers[side].receive(timeout)
    except WorkerError as ended:
        if ended.status == "timeout":
            ended = WorkerError("timeout", f"no answer within {timeout:g} s")
        raise SideError(side, ended) from ended
    heard, payload = part or ("nothing", None)
    if heard == kind:
        return payload
    reason = str(payload) if heard == "failed" else f"the worker said {heard} where {kind} was due"
    raise SideError(side, WorkerError("failed", reason))


def _phases(answers: dict[int, list[BlockTimes]], statistic: PairQuantile) -> dict[str, tuple[float, float]]:
    """A quantile of each phase that both sides have."""
    low = QUANTILES[statistic]
    first, second = (
        {
            name: float(np.quantile([time for block in answers[side] for time in block["phases"][name]], low))
            for name in answers[side][0]["phases"]
        }
        for side in (0, 1)
    )
    return {name: (seconds, second[name]) for name, seconds in first.items() if name in second}
