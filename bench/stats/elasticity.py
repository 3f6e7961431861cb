"""Elasticity: how much of what disturbs the reference a cell feels too, from blocks that alternate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

LEAST_PROCESSES = 3
LEAST_SPREAD = 0.03  # of the reference's logarithms: below it they are noise of the blocks, which pulls a slope to 0
WIDEST = 0.5  # half of an interval that still tells a cell that follows (1) from one that does not (0)

Pairs = npt.NDArray[np.float64]  # (turns, 2): seconds a step of the reference and of the cell, in blocks of one turn


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope with its two-sided 95 % interval, value ± half, over `n` processes."""

    value: float
    half: float
    n: int

    @property
    def low(self) -> float:
        """The lower end."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """The upper end."""
        return self.value + self.half


def elasticity(processes: Sequence[Pairs], confidence: float = 0.95) -> Slope | None:
    """The slope of log cell on log reference over the turns of all processes; None where they do not tell one.

    1 means that the cell takes longer when and as the reference does, so that contention cancels in their ratio; 0,
    that it feels nothing of it. The interval is the jackknife's over processes, Student's t (Tukey 1958; Efron & Stein
    1981: its variance errs to the large side), since the turns of one process are not independent. Noise of single
    blocks pulls the slope towards 0.
    """
    logs = [np.log(pairs) for pairs in processes if len(pairs)]
    if len(logs) < LEAST_PROCESSES or np.concatenate(logs)[:, 0].std() < LEAST_SPREAD:
        return None
    without = np.array([_slope(logs[:at] + logs[at + 1 :]) for at in range(len(logs))])
    count = len(logs)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    half = float(stdtrit(count - 1, (1 + confidence) / 2) * error)
    return Slope(_slope(logs), half, count) if half <= WIDEST else None


def _slope(logs: Sequence[Pairs]) -> float:
    """By least squares; 0 where the reference did not move at all."""
    x, y = np.concatenate(logs).T
    spread = ((x - x.mean()) ** 2).sum()
    return float(((x - x.mean()) * (y - y.mean())).sum() / spread) if spread else 0.0
