"""Pair clock: where a comparison stands, and how long it is likely to go on; learns from each stage that is over."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.compare.log import CellLog, ComparisonLog
from bench.compare.outcome import looked, measured
from bench.plan.short_names import short_names
from bench.stats.likely_end import likely_end
from bench.stats.sequential_test import LOOKS, Look
from bench.vocabulary import PairStage

# Seconds of each stage, until one was measured: of small nets on two cores of a shared host, roughly.
USUAL: Mapping[PairStage, float] = {"sameness": 3.0, "counts": 3.0, "servers": 3.0, "pair": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairProgress:
    """Where a comparison stands.

    Attributes:
        stage: what is being done, or is over.
        cell: of which cell, by its name in the comparison; "" where it is done for all.
        short: the same by its short name.
        run: 1, or 2 for the second, independent run.
        pairs: how many of that run are made.
        log_ratio: their mean log ratio, the second side over the first; None before the first pair.
        over: whether the stage is over.
        look: the look that followed the pair, if there was one.
        share: how much of the whole is over, as a share of its time that never shrinks.
        left: seconds that the comparison is likely to go on.

    """

    stage: PairStage
    cell: str
    short: str
    run: int
    pairs: int
    log_ratio: float | None
    over: bool
    look: Look | None
    share: float
    left: float


Tell = Callable[[PairProgress], None]


@dataclass(slots=True)
class PairClock:
    """Is told of each stage that begins, and of each pair that is over.

    Args:
        log: of the comparison.
        due: how often each stage that comes once a cell is to come.
        budget: seconds after which no pair is begun; None for no end.
        tell: hears where the comparison stands.
        started: when it began, by the monotonic clock.

    """

    log: ComparisonLog
    due: Counter[PairStage]
    budget: float | None
    tell: Tell
    started: float
    _short: dict[str, str] = field(init=False)
    _taken: dict[PairStage, list[float]] = field(default_factory=dict)
    _running: tuple[PairStage, float] | None = None  # and since when
    _share: float = 0.0

    def __post_init__(self) -> None:
        names = short_names([after for _, after in self.log.facts.cells.values()])
        alone = len(names) == len(set(names))
        self._short = dict(zip(self.log.facts.cells, names if alone else self.log.facts.cells, strict=True))

    def begin(self, stage: PairStage, cell: str = "", run: int = 1) -> None:
        """A stage begins, and ends the one before."""
        self._end()
        self._running = (stage, time.monotonic())
        self._say(stage, cell, run, over=False)

    def made(self, cell: str, run: int, look: Look | None) -> None:
        """A pair is over."""
        self._end()
        self._say("pair", cell, run, over=True, look=look)

    def _say(self, stage: PairStage, cell: str, run: int, *, over: bool, look: Look | None = None) -> None:
        logs = self.log.cell_logs[cell].log_ratios(run) if cell else []
        share, left = self._read()
        self.tell(
            PairProgress(
                stage=stage,
                cell=cell,
                short=self._short.get(cell, ""),
                run=run,
                pairs=len(logs),
                log_ratio=sum(logs) / len(logs) if logs else None,
                over=over,
                look=look,
                share=share,
                left=left,
            )
        )

    def _end(self) -> None:
        """Note how long the stage took that was running."""
        if self._running is not None:
            stage, began = self._running
            self._taken.setdefault(stage, []).append(time.monotonic() - began)
            self.due[stage] -= 1
            self._running = None

    def _read(self) -> tuple[float, float]:
        elapsed = time.monotonic() - self.started
        needed = [_needed(cell_log, self.log.facts.tolerance) for cell_log in measured(self.log.cell_logs.values())]
        to_come: Mapping[PairStage, int] = {
            "sameness": self.due["sameness"],
            "counts": self.due["counts"],
            "servers": max(needed, default=0) - (self._running is None or self._running[0] != "servers"),
            "pair": sum(needed),
        }
        left = sum(max(count, 0) * self._seconds(stage) for stage, count in to_come.items())
        if self.budget is not None:
            left = min(left, max(self.budget - elapsed, 0.0))
        self._share = max(self._share, elapsed / (elapsed + left) if left else 1.0)
        return self._share, left

    def _seconds(self, stage: PairStage) -> float:
        """How long a stage is likely to take."""
        taken = self._taken.get(stage)
        return sum(taken) / len(taken) if taken else USUAL[stage]


def _needed(cell_log: CellLog, tolerance: float) -> int:
    """How many more pairs a cell is likely to need, in both runs."""
    first = looked(cell_log, 1, tolerance)
    if first is None or first.outcome == "continue":
        logs = cell_log.log_ratios(1)
        end, outcome = likely_end(logs, tolerance)
        return end - len(logs) + (LOOKS[0] if outcome == "fail" else 0)
    second = looked(cell_log, 2, tolerance)
    if first.outcome != "fail" or (second is not None and second.outcome != "continue"):
        return 0
    logs = cell_log.log_ratios(2)
    return likely_end(logs, tolerance)[0] - len(logs)
