"""Loading: what the processes of a loader take while a cell is measured, and whether others were in their way."""

import os
import time
from dataclasses import dataclass, field

from bench.machine.neighbours import between
from bench.machine.procfs import Activity, activity, family_of, usable_cores
from bench.measure.loader import Loader
from bench.measure.noise import KEPT_WAITING
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.vocabulary import Part


@dataclass(frozen=True, slots=True)
class Loading:
    """A look at this process and those that load for it, from where it is made.

    They wait for each other, and where they are more than cores for a core too, which a user has as well and which is
    no neighbour's doing. So what counts as contention is what other processes took, and nothing that they waited for.
    Page faults tell nothing either: each batch comes in memory of its own.

    Attributes:
        loader: that has processes.
        threads: CPU threads of this process.
        cores: that both may use.

    """

    loader: Loader
    threads: int
    cores: int
    _batches: int = 0
    _before: Activity | None = field(default_factory=activity)
    _started: float = field(default_factory=time.perf_counter)

    @classmethod
    def of(cls, loader: Loader | None, threads: int) -> "Loading | None":
        """A look that begins now; None of what has no process beside this one."""
        if loader is None or not loader.workers:
            return None
        return cls(loader, threads, usable_cores(), loader.batches)

    def end(self, part: Part) -> tuple[list[Measurement], list[Warning]]:
        """What was seen until now: the CPU time of the processes that load, and who else was at work.

        Args:
            part: of the measurement that ends.

        """
        after, seconds = activity(), time.perf_counter() - self._started
        if after is None or self._before is None:
            return [], []
        own = os.getpid()
        loading = family_of(after.parents, own) - {own}
        known = self._before.processes
        spent = sum(after.processes[pid][1] - known[pid][1] for pid in loading & {*known})
        batches = max(1, self.loader.batches - self._batches)
        neighbours = between(self._before, after, seconds, own)
        taken = neighbours.cores + (after.steal - self._before.steal) / seconds
        wanted = self.threads + self.loader.workers
        warnings = []
        if taken > max(KEPT_WAITING, self.cores - wanted):
            share = max(0.0, 1 - taken / min(self.cores, wanted))
            warnings.append(Warning(part, "contended", share, f"other processes {neighbours.words(self.cores)}"))
        return [Measurement.of_value("loader_cpu", spent / batches, "mean", self.loader.workers)], warnings
