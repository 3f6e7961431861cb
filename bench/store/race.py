"""Race: how long each optimizer of a run takes to the target of each workload, and how it scores over all of them.

A workload is all that a cell is but the optimizer and what goes with it, with the accuracy that its training stops at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.plan.cell import Cell
from bench.stats.exchange import LEVEL, p_alike
from bench.stats.performance_profile import Floats, Profiles, profiles
from bench.vocabulary import RaceMeasure

TAUS = np.round(np.arange(1.0, 4.005, 0.01), 2)

Pair = tuple[str, Cell]  # an optimizer by its label, and a workload


@dataclass(slots=True)
class Race:
    """The times of optimizers on workloads, by seed.

    Attributes:
        optimizers: their labels, in order.
        workloads: those that are tuned, each as a cell that says nothing of the optimizer.
        held_out: for a workload the one that takes its learning rate, where there is one.
        targets: test accuracies, of workloads of both kinds.
        labels: the shortest names of the workloads that tell them apart.
        times: by measure, optimizer and workload, a time for each seed; infinite where it did not get there. Those in
            seconds are absent where several kinds of machines trained.
        rates: the learning rates that were stepped with, several where machines chose others; None is an optimizer's
            own.
        edges: those of them that lie at the edge of what was tried.
        splits: with how many seeds an optimizer reached the target on one machine and missed it on another.
        machines: how many kinds of them trained.
        absent: what was not tried, so that the optimizer is judged nowhere, with the reason.
        against_seconds: why seconds say less than steps here, which no neighbour and no machine changes.
        descriptions: what each optimizer is, by label; "" where nothing is recorded.

    """

    optimizers: tuple[str, ...] = ()
    workloads: tuple[Cell, ...] = ()
    held_out: Mapping[Cell, Cell] = field(default_factory=dict)
    targets: dict[Cell, float] = field(default_factory=dict)
    labels: Mapping[Cell, str] = field(default_factory=dict)
    times: dict[RaceMeasure, dict[Pair, Floats]] = field(default_factory=dict)
    rates: dict[Pair, tuple[float | None, ...]] = field(default_factory=dict)
    edges: dict[Pair, tuple[float, ...]] = field(default_factory=dict)
    splits: dict[Pair, int] = field(default_factory=dict)
    machines: int = 1
    absent: tuple[str, ...] = ()
    against_seconds: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_one(self) -> bool:
        """Whether there is something to compare: two optimizers on a workload."""
        return len(self.optimizers) > 1 and bool(self.workloads)

    @property
    def seeds(self) -> int:
        """How many seeds each time is of, at the least."""
        return min(map(len, self.times["steps"].values()), default=0)

    @property
    def most_seeds(self) -> int:
        """And at the most."""
        return max(map(len, self.times["steps"].values()), default=0)

    def profiles(self, measure: RaceMeasure) -> Profiles:
        """The profiles over the tuned workloads, held to those that are held out beside them."""
        return self._profiles(measure, self.workloads, self.held_out)

    def held_out_profiles(self, measure: RaceMeasure) -> Profiles | None:
        """Those over the workloads that are held out, by themselves; None where there are none."""
        return self._profiles(measure, tuple(self.held_out.values()), {}) if self.held_out else None

    def rivals(self, measure: RaceMeasure, drawn: Profiles) -> list[int]:
        """The numbers of those that chance may have put behind the one with the highest score.

        An interval reaches that one's, or too many exchanges of seeds make as large a difference (`exchange`).
        """
        if drawn.score_ends is None:
            return []
        (low, high), best = drawn.score_ends, int(drawn.scores.argmax())
        rows = self._rows(measure, self.workloads, self.held_out)
        others = (at for at in range(len(high)) if at != best)
        return [at for at in others if high[at] >= low[best] or p_alike(*rows, (best, at)) >= LEVEL]

    def _profiles(self, measure: RaceMeasure, workloads: tuple[Cell, ...], beside: Mapping[Cell, Cell]) -> Profiles:
        return profiles(*self._rows(measure, workloads, beside), TAUS)

    def _rows(
        self, measure: RaceMeasure, workloads: tuple[Cell, ...], beside: Mapping[Cell, Cell]
    ) -> tuple[list[list[Floats]], list[list[Floats | None]]]:
        """The times by optimizer and workload, and of what is held out beside each."""
        times = self.times[measure]
        seeds = [[times[name, each] for each in workloads] for name in self.optimizers]
        held = [
            [times[name, beside[each]] if each in beside else None for each in workloads] for name in self.optimizers
        ]
        return seeds, held
