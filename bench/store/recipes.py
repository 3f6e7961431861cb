"""Recipes: what each change of a base costs a step and gains in accuracy, where a run changes one thing at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.stats.interval import Interval
from bench.stats.multiple_testing import holm
from bench.stats.paired import mean_difference
from bench.stats.ratio import ratio
from bench.stats.shift import LEVEL
from bench.store.machines import classes_of
from bench.store.pooling import pooled, undisturbed
from bench.store.warning import Warning, disturbed_parts
from bench.text import chance, change, plural, points, whole

# What tells how long a step takes: the first that both have. Relative costs are an image's, without its fetch, and of
# one number of threads, so that what changes any of that has metrics of its own.
_STEPS = ("relative_cost", "training_step")
_STEPS_OF = {
    "loader": ("step_wall", "training_step"),
    **dict.fromkeys(("batch_size", "threads", "world_size"), ("step", "training_step")),
}
_ANSWER = "inference"
_TIMES = ("relative_cost", "step", "step_wall", "training_step", _ANSWER)
# What a net answers in the same time with.
_OF_TRAINING = (
    "optimizer", "implementation", "loss", "learning_rate", "schedule", "normalization", "augmentation", "loader",
    "accumulate", "average", "clip_norm", "initialization", "split",
)  # fmt: skip
_WITHIN = " Times are of the machine with the most of both: those of several do not compare."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is otherwise than in the base.

    Attributes:
        base: the configuration that it is beside.
        cell: the configuration.
        field: of Cell, in which the two differ.
        step: what a step takes, over what it takes in the base; None where either is not known.
        answer: likewise of an inference; None too where the change has no part in one.
        machine: whose times these are, by its name; "" where the run has one machine, or none has the times of both.
        gain: mean test accuracy less the base's, paired by seed; None where no seed has both.
        p: how often chance alone makes a gain as far either way, as it counts among all changes; None without a spread.
        seeds: how many were asked for.
        contended: whether other work took the cores from all processes that timed either.
        where: data set and device, where a run has several.

    """

    base: Cell
    cell: Cell
    field: str
    step: Interval | None
    answer: Interval | None
    gain: Interval | None
    p: float | None
    seeds: int
    contended: bool
    machine: str = ""
    where: str = ""

    @property
    def name(self) -> str:
        """What is changed to what: augmentation shift."""
        value = getattr(self.cell, self.field)
        where = f" ({self.where})" if self.where else ""
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{self.field.replace('_', ' ')} {shown}{where}"

    @property
    def verdict(self) -> str:
        """Whether accuracy moves, so that chance makes any of a table where nothing moves in LEVEL of tables."""
        if self.gain is None:
            return "not known"
        if self.p is None or self.p >= LEVEL:
            return "not told from chance"
        return "gains" if self.gain.value > 0 else "loses"

    @property
    def in_words(self) -> str:
        """All of it in a sentence."""
        where = f" on {self.machine}" if self.machine else ""
        parts = [f"a step takes {ratio_text(self.step)}{where}" if self.step else "what a step takes is not known"]
        parts += [f"an answer takes {ratio_text(self.answer)}"] if self.answer else []
        if self.gain is not None:
            seeds = f"{self.gain.n} of {plural(self.seeds, 'seed')}" if self.gain.n < self.seeds else ""
            over = seeds or plural(self.gain.n, "seed")
            p = "" if self.p is None else f", p {chance(self.p)}"
            parts.append(f"accuracy {points_text(self.gain)} over {over}{p}, {self.verdict}")
        else:
            parts.append("no accuracy")
        doubt = " (other work took its cores: do not use the times)" if self.contended else ""
        return f"{self.name}: {', '.join(parts)}{doubt}"


@dataclass(slots=True)
class _Taken:
    """What the processes of one configuration gave: accuracies by seed, times by machine and metric."""

    accuracies: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    times: dict[str, dict[str, list[tuple[float, bool]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def note(self, line: Mapping[str, Any], machine: str) -> None:
        """Take in a line."""
        disturbed = disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))
        read = {reading["metric"]: reading["value"] for reading in line["measurements"]}
        for metric in _TIMES:
            if read.get(metric) is not None:
                self.times[machine][metric].append((float(read[metric]), METRICS[metric].timed_in in disturbed))
        if read.get("accuracy") is not None and line["status"] == "ok":  # a training that was cut short ends at another
            self.accuracies[line["cell"].get("seed", 0)].append(float(read["accuracy"]))

    def count(self, machine: str) -> int:
        """How many times were taken on a machine, of all metrics."""
        return sum(map(len, self.times[machine].values()))


class _Time(NamedTuple):
    """A geometric mean over processes, and whether all of them were disturbed."""

    mean: Interval
    contended: bool


def changes_of(
    heads: Iterable[Mapping[str, Any]], plan: Mapping[str, Any], machines: Mapping[str, str]
) -> list[Change]:
    """Every change that a run made of its base, in the order of the fields; none where it did not change one at a time.

    Args:
        heads: of the results, or whole lines.
        plan: of the run, by the names of its fields.
        machines: the name of each class of machines that the run was measured on.

    """
    if not plan.get("one_at_a_time"):
        return []
    heads = list(heads)
    taken: dict[Cell, _Taken] = defaultdict(_Taken)
    for line, machine in zip(heads, classes_of(heads), strict=True):
        cell = Cell.from_dict(line["cell"])
        if not cell.is_foreign:
            taken[cell.configuration].note(line, machine)
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in taken:
        groups[cell.dataset, cell.device].append(cell)
    wheres = {group: " on ".join(group) if len(groups) > 1 else "" for group in groups}
    changes = [
        replace(each, where=wheres[group], machine=machines.get(each.machine, "") if len(machines) > 1 else "")
        for group, cells in groups.items()
        for each in _changes(cells, taken, plan)
    ]
    known = [each.p for each in changes if each.p is not None]
    adjusted = iter(holm(known))
    return [replace(each, p=None if each.p is None else next(adjusted)) for each in changes]


def how_sure(changes: Sequence[Change]) -> str:
    """Among which changes each p counts, which are those that have one, and what follows."""
    known, every = sum(each.p is not None for each in changes), plural(len(changes), "change")
    if not known:
        return "no p is told, which takes two seeds of both"
    among = every if known == len(changes) else f"the {known} of {every} that have one"
    tables = f"chance makes a gain or a loss in {whole(LEVEL)} of tables in which nothing moves"
    return f"p counts among {among}, so that {tables} (Holm)"


def within(changes: Iterable[Change]) -> str:
    """Whose the times are, as a sentence after others; "" where the run has one machine."""
    return _WITHIN if any(each.machine for each in changes) else ""


def ratio_text(times: Interval) -> str:
    """A ratio with its interval: +4.2 % (+1.0 to +7.5)."""
    return change(times.value, times.low, times.high)


def points_text(gain: Interval) -> str:
    """A gain with its interval, in points."""
    return points(gain.value, gain.low, gain.high)


def _changes(cells: Sequence[Cell], taken: Mapping[Cell, _Taken], plan: Mapping[str, Any]) -> list[Change]:
    base = _base(cells, plan)
    if base is None:
        return []
    order = list(AXES)
    others = [(names[0], cell) for cell in cells if (names := _differing(base, cell, plan))]
    others.sort(key=lambda other: (order.index(other[0]), _place(other[1], other[0], plan)))
    return [_change(base, cell, name, taken, plan) for name, cell in others]


def _base(cells: Sequence[Cell], plan: Mapping[str, Any]) -> Cell | None:
    """The cell that others differ from in one field at most, there by the plan's first value; None where it is absent.

    Of several, where no values tell, that whose values come first.
    """
    hubs = [cell for cell in cells if all(_is_beside(cell, other, plan) for other in cells)]
    return min(hubs, key=lambda cell: sum(_place(cell, name, plan) for name in AXES), default=None)


def _is_beside(cell: Cell, other: Cell, plan: Mapping[str, Any]) -> bool:
    """Whether a cell may be the base of another: a change is to a value that stands later in the plan."""
    names = _differing(cell, other, plan)
    later = all(_place(cell, name, plan) in (0, len(plan.get(AXES[name]) or ())) for name in names)
    return len(names) < 2 and later


def _differing(cell: Cell, other: Cell, plan: Mapping[str, Any]) -> list[str]:
    """The fields in which two differ; a code path or a tuned rate that goes with the optimizer is none by itself."""
    passed = {"seed"} if len(plan.get("implementations") or ()) > 1 else {"seed", "implementation"}
    passed |= {"learning_rate"} if plan.get("tune") else set()
    names = [name for name in AXES if name not in passed]
    return [name for name in names if getattr(cell, name) != getattr(other, name)]


def _place(cell: Cell, name: str, plan: Mapping[str, Any]) -> int:
    """Which of the plan's values a field has; one past the last where it is none that stands there."""
    values = list(plan.get(AXES[name]) or ())
    value = cell.as_named(name)
    return values.index(value) if value in values else len(values)


def _change(base: Cell, cell: Cell, name: str, taken: Mapping[Cell, _Taken], plan: Mapping[str, Any]) -> Change:
    own, beside = taken[cell], taken[base]
    both = sorted(own.accuracies.keys() & beside.accuracies.keys())
    before, after = ([fmean(each.accuracies[seed]) for seed in both] for each in (beside, own))
    gain = mean_difference(before, after) if both and not _stops(plan) else None
    machine = _timed_by(own, beside)
    metrics = _STEPS_OF.get(name, _STEPS)
    metric = next((each for each in metrics if all(each in side.times[machine] for side in (own, beside))), "")
    steps = [_time(each, machine, metric) for each in (own, beside)]
    answers = [_time(each, machine, "" if name in _OF_TRAINING else _ANSWER) for each in (own, beside)]
    return Change(
        base=base,
        cell=cell,
        field=name,
        step=_over(*steps),
        answer=_over(*answers),
        gain=None if gain is None else gain.interval,
        p=None if gain is None else gain.p,
        seeds=len(plan.get("seeds") or ()) or len(both),
        machine=machine,
        contended=any(time.contended for time in (*steps, *answers) if time),
    )


def _stops(plan: Mapping[str, Any]) -> bool:
    """Whether training stops at an accuracy, which is then high by selection."""
    return bool(plan.get("until") or plan.get("targets"))


def _timed_by(own: _Taken, beside: _Taken) -> str:
    """The machine with the most times of both, since those of several do not compare; "" where none has any."""
    both = [machine for machine in beside.times if machine in own.times]
    return max(both, key=lambda machine: min(own.count(machine), beside.count(machine)), default="")


def _time(taken: _Taken, machine: str, metric: str) -> _Time | None:
    readings = taken.times[machine].get(metric)
    if not readings:
        return None
    values, disturbed = np.array([value for value, _ in readings]), np.array([each for _, each in readings])
    clean = undisturbed(disturbed, np.zeros(len(readings), dtype=np.intp))
    return _Time(pooled(values[clean], "log_mean"), bool(disturbed.all()))


def _over(own: _Time | None, beside: _Time | None) -> Interval | None:
    return ratio(own.mean, beside.mean) if own and beside else None
