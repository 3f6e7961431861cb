"""Energy: joules from one reading of counters to the next, summed over counters, across the ends of their ranges."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from bench.plan.timing import IDLE_SECONDS

MOST_WATTS = 2000.0  # of one counter: more than a socket or a board draws, so that no end of a range passes unseen
KEEP_UP = 10.0  # seconds from one reading to the next of something long: the smallest ranges known last some 30 s


class NoEnergyError(Exception):
    """No counter tells the energy; the message says why, and what would help."""


class Counter(Protocol):
    """A count of joules that grows and begins anew at the end of its range.

    Attributes:
        name: what draws them, such as "package-0".
        wraps_at: joules after which it begins anew; infinite where it never does.

    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def wraps_at(self) -> float:
        """See above."""

    def joules(self) -> float:
        """The count now.

        Raises:
            NoEnergyError: it cannot be read.

        """


class EnergyMeter:
    """What some counters count together between its start and a reading.

    Args:
        counters: at least one; none of them may be part of another.
        clock: seconds that grow.

    Attributes:
        names: of the counters.
        trouble: why what it read is not to be trusted; "" as long as it is.

    Raises:
        NoEnergyError: a counter cannot be read.

    """

    def __init__(self, counters: Sequence[Counter], clock: Callable[[], float] = time.monotonic) -> None:
        self.names = tuple(counter.name for counter in counters)
        self.trouble = ""
        self._counters, self._clock = counters, clock
        self._counts: list[float | None] = [counter.joules() for counter in counters]
        self._sum, self._read_at = 0.0, clock()

    def start(self) -> None:
        """Begin anew, from 0."""
        self._sum, self._read_at = 0.0, self._clock()
        self._counts = [self._count(counter) for counter in self._counters]

    def joules(self) -> float:
        """Joules since the start. What a counter does not tell any more adds nothing, and is `trouble`."""
        now = self._clock()
        counts = [self._count(counter) for counter in self._counters]
        for counter, before, after in zip(self._counters, self._counts, counts, strict=True):
            self._sum += self._spent(counter, before, after, now - self._read_at)
        self._counts, self._read_at = counts, now
        return self._sum

    def keep_up(self) -> None:
        """Read where the last reading is long ago, so that no counter begins anew twice unseen; else do nothing."""
        if self._clock() - self._read_at > KEEP_UP:
            self.joules()

    def _count(self, counter: Counter) -> float | None:
        try:
            return counter.joules()
        except NoEnergyError as error:
            self.trouble = str(error)
            return None

    def _spent(self, counter: Counter, before: float | None, after: float | None, seconds: float) -> float:
        if before is None or after is None:
            return 0.0
        if seconds * MOST_WATTS > counter.wraps_at:
            self.trouble = f"{counter.name} was not read for {seconds:.0f} s, in which it may have begun anew twice"
        if after >= before:
            return after - before
        if counter.wraps_at < before or math.isinf(counter.wraps_at):
            self.trouble = f"{counter.name} went back, and not at the end of its range"
            return 0.0
        return after - before + counter.wraps_at


def idle_watts(
    meter: EnergyMeter,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Watts while this process does nothing; what others do meanwhile is in it.

    Raises:
        NoEnergyError: the counters stand still, as those that a hypervisor makes up do.

    """
    meter.start()
    began = clock()
    sleep(IDLE_SECONDS)
    spent, seconds = meter.joules(), clock() - began
    if not spent:
        raise NoEnergyError(f"{' and '.join(meter.names)} stood still for {IDLE_SECONDS:g} s")
    return spent / seconds
