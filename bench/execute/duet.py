"""Duet: a pair of workers, alive together, that run blocks in turn; one pair gives one log ratio."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from bench.execute.worker import Worker, WorkerError, Workers
from bench.plan.cell import Cell
from bench.store.result import QUANTILES, Floats

SETUP_SECONDS = 60.0  # until both are warm
BLOCK_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Pair:
    """What one pair of processes gave.

    Attributes:
        first: seconds of each step of the first cell, (rounds, steps).
        second: the same of the second.
        faults: page faults of both.

    """

    first: Floats
    second: Floats
    faults: int

    def log_ratio(self, statistic: str = "p25") -> float:
        """Logarithm of second over first, by one quantile of all their steps: positive when the second is slower."""
        low = QUANTILES[statistic]
        return float(np.log(np.quantile(self.second, low) / np.quantile(self.first, low)))


def measure_pair(workers: Workers, first: Cell, second: Cell, rounds: int, order: Random) -> Pair:
    """Time two cells, each in its own fresh process, in alternating blocks.

    Which process starts first, and which block of each round, is drawn from `order`: the worker that starts second
    can be some percent faster all its life.

    Raises:
        WorkerError: a worker crashed, or did not answer in time.

    """
    cells = [first, second]
    starts = order.sample([0, 1], 2)
    early = workers.start("bench.measure.duet:serve", cells[starts[0]])
    with early, workers.start("bench.measure.duet:serve", cells[starts[1]]) as late:
        sides = dict(zip(starts, (early, late), strict=True))
        steps = {side: _answer(worker, "ready", SETUP_SECONDS) for side, worker in sides.items()}
        times: dict[int, list[Floats]] = {0: [], 1: []}
        faults = 0
        for _ in range(rounds):
            for side in order.sample([0, 1], 2):
                sides[side].send(steps[side])
                block, block_faults = _answer(sides[side], "block", BLOCK_TIMEOUT)
                times[side].append(block)
                faults += block_faults
        for worker in sides.values():
            worker.send(None)
    return Pair(np.stack(times[0]), np.stack(times[1]), faults)


def _answer(worker: Worker, kind: str, timeout: float) -> Any:
    """The payload of the worker's next part, which must be of that kind."""
    part = worker.receive(timeout)
    if part is None or part[0] != kind:
        raise WorkerError("failed", f"the worker said {part and part[0]} where {kind} was due")
    return part[1]
