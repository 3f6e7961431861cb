"""What a page is made of: a record with one row a configuration, and a row with one value a metric."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.metrics import METRICS
from bench.plan.cell import Cell, seed_of
from bench.plan.split import judging
from bench.stats.interval import Interval
from bench.store.elsewhere import FigureFile
from bench.store.facts import RunFacts
from bench.store.insight import Insight
from bench.store.machines import is_learnt
from bench.store.result import Floats
from bench.store.spread import Spread
from bench.store.unfinished import Begun


@dataclass(frozen=True, slots=True)
class Value:
    """One metric of one configuration, pooled over processes and seeds; `low` and `high` are its 95 % interval.

    Of what training gives, `n` counts seeds; `seeds` were asked for, and `lost` says what became of the others.
    `left_out` processes were disturbed by a neighbour and are not in it; or all were, and it is `contended`.
    `spread` is what a file of pytest-benchmark says of the rounds, of imported benchmarks, which n counts.
    What was only looked at now and then came about after `before`, the look before, pooled over the same seeds.
    """

    metric: str
    unit: str
    direction: str
    statistic: str
    threads: int | None
    value: float
    low: float | None
    high: float | None
    n: int
    samples: int = 0
    seeds: int = 0
    lost: str = ""
    left_out: int = 0
    contended: bool = False
    before: Interval | None = None
    spread: Spread | None = None

    @property
    def reach(self) -> tuple[float, float] | None:
        """From where to where the true value may lie, for comparisons; None where nothing tells, or other work did."""
        if self.statistic == "exact":
            return self.value, self.value
        if self.contended:
            return None
        if self.low is None or self.high is None:
            return None
        if self.before is None:
            return self.low, self.high
        return None if self.before.low is None else (min(self.before.low, self.low), self.high)

    @property
    def half(self) -> float | None:
        """Half the width of the interval, in the unit of the value."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def relative_half(self) -> float | None:
        """Half the width of the interval on the log scale: 0.03 is a factor of 1.03 either way."""
        return Interval(self.value, self.low, self.high, self.n).half_width


@dataclass(frozen=True, slots=True)
class Row:
    """One configuration on one class of machines: every field of its cells but the seed.

    `steps` are seconds of each step, an array a process; `turns` those of blocks of reference and cell, (turns, 2);
    `machine` is what it was measured on, as a digest. What it learnt is over all machines, in each of its rows.
    `oversubscribed` says that its ranks had to share cores. `percentiles` are those of its times, by metric and name.
    `results` are its processes as recorded, without their samples; `insights` looks into the nets of its seeds. What is
    of seeds or processes is in the order of the seeds.
    `begun` says how many of its processes were measured, where the run ended, or goes on, without some of them.
    """

    key: str
    index: int
    label: str
    cell: Mapping[str, Any]
    status: str
    reason: str | None
    cells: tuple[Cell, ...]
    values: Mapping[str, Value]
    steps: tuple[Floats, ...] = ()
    training: tuple[Mapping[str, Any], ...] = ()
    turns: tuple[Floats, ...] = ()
    machine: str = ""
    oversubscribed: bool = False
    percentiles: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    results: tuple[Mapping[str, Any], ...] = ()
    insights: tuple[Insight, ...] = ()
    begun: Begun | None = None

    @property
    def standing(self) -> str:
        """Its status, or that it is unfinished."""
        return "unfinished" if self.begun else self.status

    @property
    def why(self) -> str | None:
        """Why it stands so, as far as that is known: the reason, or how many of its processes were measured."""
        return f"{self.begun} processes measured" if self.begun else self.reason

    @property
    def seed_looked_into(self) -> int | None:
        """The seed of its first insight."""
        return next((seed_of(line["cell"]) for line in self.results if line.get("insight")), None)

    @property
    def channels(self) -> int:
        """Of its test images; 0 where nothing tells, as of versions before."""
        stored = next((shape for training in self.training if (shape := training.get("shape"))), None)
        return stored[0] if isinstance(stored, list) and isinstance(stored[0], int) else 0

    @property
    def stopped(self) -> bool:
        """Whether training stopped at a target accuracy, so that its accuracy is high by selection."""
        reached = self.values.get("reached")
        stops = [training.get("until") or {} for training in self.training]
        return bool(reached and reached.value) or any(stop.get("reached") for stop in stops)

    @property
    def aimed(self) -> bool:
        """Whether training was to stop at a target accuracy, reached or not."""
        return "reached" in self.values or any(training.get("until") for training in self.training)


@dataclass(frozen=True, slots=True)
class Record:
    """A run as the page shows it: its facts, its rows in order of cost, and its results without samples.

    `target` is the test accuracy that times are given for: the one that training aimed at, or, where it had no aim,
    one that was chosen afterwards (`aimed` is false). `machines` names what the digests of rows stand for.
    `check` is the decision against a baseline, as it was stored; empty where none was made. `elsewhere` are figures of
    other machines that were imported.
    """

    name: str
    facts: RunFacts
    rows: tuple[Row, ...]
    results: tuple[Mapping[str, Any], ...]
    target: float | None = None
    aimed: bool = False
    machines: Mapping[str, str] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: tuple[FigureFile, ...] = ()

    def reference(self) -> str:
        """What costs are relative to, as in a sentence: the reference (a frozen mlp, SGD, batch 64)."""
        return f"the reference ({self.facts.reference})" if self.facts.reference else "the reference"

    def fingerprint(self) -> str:
        """The digest of machine and software within which relative costs compare; of several machines all of them."""
        return " ".join(dict.fromkeys(result["fingerprint"] for result in self.results if result.get("fingerprint")))

    def having(self, *metrics: str) -> list[Row]:
        """The rows that are ok and have all of these metrics."""
        return [row for row in self.rows if row.status == "ok" and all(metric in row.values for metric in metrics)]

    def judged(self, *metrics: str) -> list[Row]:
        """Those of them whose accuracies compare: not the ones that training stopped at for being high.

        Nor, where there are such, those that missed a target of theirs: the best of these is not the most accurate.
        Where what was learnt alone is compared, a configuration has one row, however many machines trained it.
        """
        stops = any(row.stopped for row in self.rows)
        rows = [row for row in self.having("accuracy", *metrics) if not (row.aimed if stops else row.stopped)]
        return each_once(rows) if all(is_learnt(METRICS[metric]) for metric in metrics) else rows


def each_once(rows: Sequence[Row]) -> list[Row]:
    """The first row of each configuration, for what it learnt, which is over all machines in each of its rows."""
    return [*{row.cells[0].configuration: row for row in reversed(rows)}.values()][::-1]


def images_of(rows: Iterable[Row]) -> str:
    """Which images tell the accuracies of these rows, in a word: test, held-out, or both."""
    return judging(row.cell.get("split") for row in rows)
