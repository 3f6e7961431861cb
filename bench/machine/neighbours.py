"""Neighbours: what other processes take of the cores between two moments. Needs no torch; reads Linux alone."""

import os
import time
from dataclasses import dataclass, field

from bench.machine.procfs import Activity, activity, others
from bench.text import percent

LIMIT = 0.25  # of the usable cores: what is more keeps a measurement from its own
LOOK = 1.0  # seconds: a shorter look tells little, since the system counts in hundredths
_MOST_NAMED, _LEAST_NAMED = 3, 0.05  # processes, and of a core


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What other processes took.

    Attributes:
        cores: how many cores' worth of time.
        busiest: the names of the busiest, each with its share of a core.

    """

    cores: float
    busiest: tuple[str, ...] = ()

    def are_busy(self, usable: float) -> bool:
        """Whether they are in the way on so many usable cores."""
        return self.cores > LIMIT * usable

    def words(self, usable: float) -> str:
        """Such as "keep 1.02 of 2 cores busy: python (4711) 100 %"."""
        names = f": {', '.join(self.busiest)}" if self.busiest else ""
        return f"keep {self.cores:.2f} of {usable:g} cores busy{names}"


def between(before: Activity, after: Activity, seconds: float, own: int) -> Neighbours:
    """What ran in these seconds beside the process `own` and all that it started."""
    shares = [(name, spent / seconds) for name, spent in others(before, after, own)]
    named = [f"{name} {percent(share)}" for name, share in shares[:_MOST_NAMED] if share >= _LEAST_NAMED]
    return Neighbours(sum(share for _, share in shares), tuple(named))


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the machine that has begun, beside whatever this process does meanwhile."""

    before: Activity | None = field(default_factory=activity)
    started: float = field(default_factory=time.perf_counter)

    def end(self) -> Neighbours | None:
        """What others did meanwhile, for a second at the least; None where the machine does not tell."""
        if self.before is None:
            return None
        time.sleep(max(0.0, LOOK - (time.perf_counter() - self.started)))
        after, seconds = activity(), time.perf_counter() - self.started
        return None if after is None else between(self.before, after, seconds, os.getpid())
