"""Step results: what `bench.measure` and `bench.compare` give, and how it reads on a line and in a notebook."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.notebook import table_html
from bench.plan import timing
from bench.process.messages import StepTimes
from bench.session.step_times import TimedStep
from bench.stats.interval import Interval, of_ratios
from bench.store.result import QUANTILES, Floats
from bench.store.warning import Warning, summary
from bench.text import change, either_way, joined, plural, quantity, whole
from bench.verdict.verdict import Decision
from bench.verdict.verdict import Verdict as CellVerdict
from bench.vocabulary import Quantile, VerdictWord

STATISTIC: Quantile = "median"  # beside which other tools' figures can be set; see DESIGN.md


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What `bench.measure` gives: how long a step takes. All times are in seconds.

    Attributes:
        name: of the step.
        value: the geometric mean over processes of the median of their steps, which is what a user experiences.
        low: lower end of its 95 % interval over processes, None for a single one.
        high: the upper end.
        n: how many fresh processes there were.
        p25: the same mean of their 25th percentiles, which repeats better, as the `step` of a run has it.
        unit: "s".
        statistic: the quantile of its steps that stands for a process in `value` and `phases`: "median".
        phases: by each phase that the step marks (`bench.phase`), in order of appearance, its interval; what a phase
            takes several times a step is summed up.
        outside: the same of what is in no phase; None where there are none.
        device: what it ran on: "cpu", "cuda:0".
        threads: CPU threads in force.
        samples: of each process, the seconds of every step, (steps,).
        warnings: what to know before trusting it, a sentence each that begins with its kind: "contended, ...".
        origin: which code it was: the `text` that names it; its `file` with `sha256`, or `package` with `version`; of
            what went by value `pickle`, the SHA-256 of that.
        system: hardware and software.

    """

    name: str
    value: float
    low: float | None
    high: float | None
    n: int
    p25: float
    unit: str = "s"
    statistic: Quantile = STATISTIC
    phases: Mapping[str, Interval] = field(default_factory=dict)
    outside: Interval | None = None
    device: str
    threads: int
    samples: tuple[Floats, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    system: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_processes(cls, name: str, timed: TimedStep) -> "Measurement":
        """What the processes that timed a step of that name say together."""
        processes = timed.processes
        samples = tuple(np.array(process["seconds"]) for process in processes)
        whole_step = _pooled(samples)
        phases = dict.fromkeys(phase for process in processes for phase in process["phases"])
        return cls(
            name=name,
            value=whole_step.value,
            low=whole_step.low,
            high=whole_step.high,
            n=whole_step.n,
            p25=_pooled(samples, timing.STATISTIC).value,
            phases={phase: _pooled([process["phases"].get(phase, [0.0]) for process in processes]) for phase in phases},
            outside=_pooled([process["outside"] for process in processes]) if phases else None,
            device=timed.facts["device"],
            threads=timed.facts["threads"],
            samples=samples,
            warnings=_warnings(processes),
            origin=timed.facts["origin"],
            system=timed.facts["system"],
        )

    def __repr__(self) -> str:
        """One line: the time with its interval, the shares of its phases, and in a word what speaks against it."""
        doubts = joined(warning.partition(",")[0] for warning in self.warnings)
        parts = [f"{self.name}: {self._time} ({self._conditions})", *self._shares, *([doubts] if doubts else [])]
        return f"<Measurement {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        """The same as a table, for a notebook."""
        rows = [(self.name, self._time, "")]
        rows += [(name, quantity(part.value, "s"), self._share(part)) for name, part in self._parts]
        return table_html(("", "seconds a step", "share"), rows, [self._conditions, *self.warnings])

    @property
    def _time(self) -> str:
        half = None if self.low is None or self.high is None else (self.high - self.low) / 2
        spread = "" if half is None else f" {either_way(half / self.value)}"
        return quantity(self.value, "s", half) + spread

    @property
    def _conditions(self) -> str:
        interval = "95 % over " if self.low is not None else ""
        return f"{interval}{plural(self.n, 'process')}, {plural(self.threads, 'thread')}, {self.device}"

    @property
    def _parts(self) -> list[tuple[str, Interval]]:
        outside = [("outside of these", self.outside)] if self.outside else []
        return [*self.phases.items(), *outside]

    @property
    def _shares(self) -> list[str]:
        return [", ".join(f"{name} {self._share(part)}" for name, part in self._parts)] if self.phases else []

    def _share(self, part: Interval) -> str:
        return whole(part.value / self.value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `bench.compare` gives: whether the second step is slower than the first.

    Attributes:
        decision: all of it, as `python -m bench ab --json` prints it.

    """

    decision: Decision

    @property
    def _cell(self) -> CellVerdict:
        return self.decision.verdicts[0]

    @property
    def verdict(self) -> VerdictWord:
        """In a word: "regressed" where the second is slower, "improved", "unchanged", "inconclusive" or "failed"."""
        return self._cell.verdict

    @property
    def ratio(self) -> Interval | None:
        """Seconds of the second over those of the first, with its 99 % interval and the number of pairs."""
        return self._cell.ratio

    @property
    def before(self) -> float | None:
        """Seconds of a step of the first."""
        return self._cell.before

    @property
    def after(self) -> float | None:
        """Seconds of a step of the second."""
        return self._cell.after

    @property
    def reason(self) -> str:
        """Why, and what to do, in one line."""
        return f"{self._cell.reason}; {self._cell.remedy}" if self._cell.remedy else self._cell.reason

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before trusting it, a line each."""
        return self.decision.notes

    @property
    def record(self) -> Path:
        """The file of the raw numbers; `python -m bench ab --recompute` decides again from there."""
        return Path(self.decision.record)

    def __repr__(self) -> str:
        """One line: the verdict, the change with its interval, and why."""
        return f"<Verdict {self.verdict}: {self._cell.cell} {self._change}: {self.reason}>"

    def _repr_html_(self) -> str:
        """The same as a table, for a notebook."""
        times = ["-" if seconds is None else quantity(seconds, "s") for seconds in (self.before, self.after)]
        row = (self.decision.before, times[0], self.decision.after, times[1], self._change, self.verdict)
        headings = ("first", "seconds a step", "second", "seconds a step", "change, 99 % interval", "verdict")
        return table_html(headings, [row], [self.reason, *self._cell.evidence, *self.notes])

    @property
    def _change(self) -> str:
        return "-" if self.ratio is None else change(self.ratio.value, self.ratio.low, self.ratio.high)


def _pooled(seconds: Sequence[Floats | list[float]], quantile: Quantile = STATISTIC) -> Interval:
    """The mean over processes of a quantile, with its interval; without where one of them is 0, as of a rare phase."""
    values = [float(np.quantile(times, QUANTILES[quantile])) for times in seconds]
    return of_ratios(values) if min(values) > 0 else Interval(float(np.mean(values)), None, None, len(values))


def _warnings(processes: Iterable[StepTimes]) -> tuple[str, ...]:
    """A sentence for each kind of warning, over all processes."""
    kinds: dict[str, list[Warning]] = {}
    for process in processes:
        for stored in process["warnings"]:
            warning = Warning.from_dict(stored)
            kinds.setdefault(warning.kind, []).append(warning)
    return tuple(summary(alike).removeprefix("step: ") for alike in kinds.values())
