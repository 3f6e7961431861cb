"""Goal: what the seeds of a configuration say of the accuracy aimed at, by their mean at the end and by first looks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from bench.plan.cell import Cell, seed_of
from bench.stats.above import LEVEL, p_above
from bench.stats.interval import Interval
from bench.store.machines import class_of, of_several
from bench.store.pooling import pooled
from bench.store.seeds import Seeds, asked_of, over_seeds
from bench.store.warning import Warning, disturbed_parts
from bench.text import PERCENT, chance, either_way, joined, plural, quantity, with_interval

_CONTENDED = " (other work took its cores: do not use the time)"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalTest:
    """One configuration, trained to the end by each seed, against a goal.

    The strict rule is that of the mean, of which nothing is chosen after the fact. The first look at which a seed is
    seen at the goal is chosen by the images that judge it, and so flatters.

    Attributes:
        goal: test accuracy, a share.
        accuracy: at the end, the mean over the seeds that have one; None where none has.
        p: of the one-sided test that this mean is above the goal; None without a spread, or where seconds ended any.
        seconds: of training to the end, the geometric mean, by the machine's name; "" where the run has one machine.
        first: likewise until a seed is first seen at the goal, over the seeds that are; of machines where one is.
        seen: how many seeds are, on any machine.
        seeds: how many were asked for.
        lost: what became of those without an accuracy.
        contended: whether other work took the cores from the training of any.
        limit: seconds that ended any of them wherever it was, as older runs allow; 0 where steps ended all.

    """

    goal: float
    accuracy: Interval | None
    p: float | None
    seconds: Mapping[str, Interval]
    first: Mapping[str, Interval]
    seen: int
    seeds: int
    lost: str = ""
    contended: bool = False
    limit: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the mean is above the goal, with no seed left out and chance excluded at LEVEL."""
        whole = self.accuracy is not None and self.accuracy.n == self.seeds
        return whole and self.p is not None and self.p < LEVEL

    @property
    def by_mean(self) -> str:
        """The strict rule in words: 99.06 ± 0.03 % over 20 seeds is above 99.00 % (one-sided p < 0.001) after ..."""
        if self.accuracy is None:
            return f"none of {plural(self.seeds, 'seed')} has an accuracy, {self.lost}: it {self._verdict}"
        low, high = self.accuracy.low, self.accuracy.high
        half = None if low is None or high is None else (high - low) / 2
        mean = with_interval(self.accuracy.value, PERCENT, half)
        seeds = over_seeds(self.accuracy.n, self.seeds, self.lost)
        return f"{mean} over {seeds} {self._verdict}, after {_times(self.seconds, ' of training')}{self._doubt}"

    @property
    def by_first_look(self) -> str:
        """The other rule in words: first seen at 99.00 % after 1.90 s ± 2.1 %, by 20 of 20 seeds."""
        goal = quantity(self.goal, PERCENT)
        if not self.first:
            return f"never seen at {goal}"
        after = f"{_times(self.first)}{self._doubt}"
        return f"first seen at {goal} after {after}, by {self.seen} of {plural(self.seeds, 'seed')}"

    @property
    def _doubt(self) -> str:
        """After a time, that other work had a part in it."""
        return _CONTENDED if self.contended else ""

    @property
    def _verdict(self) -> str:
        goal = quantity(self.goal, PERCENT)
        if self.limit:
            return f"cannot be tested against {goal}, since {self.limit:g} s ended trainings (--train-limit)"
        if self.p is None:
            return f"cannot be tested against {goal}"
        verdict = "is above" if self.passed else "is not shown to be above"
        return f"{verdict} {goal} (one-sided p {chance(self.p)})"


def goal_tests(
    lines: Iterable[Mapping[str, Any]], plan: Mapping[str, Any], machines: Mapping[str, str]
) -> dict[Cell, GoalTest]:
    """The test of each configuration that was trained or lost, by its cell; none where the plan has no goal.

    Args:
        lines: stored lines of a run, whole.
        plan: of the run, by the names of its fields.
        machines: the name of each class of machines that the run was measured on.

    """
    goal = plan.get("goal")
    if not isinstance(goal, int | float) or not goal:
        return {}
    trainings: dict[Cell, list[_Training]] = defaultdict(list)
    seeds: dict[Cell, Seeds] = {}
    disturbed = set[Cell]()
    for line in lines:
        cell = Cell.from_dict(line["cell"]).configuration
        seeds.setdefault(cell, Seeds(asked_of(plan))).note(line)
        if "accuracy" in {read["metric"] for read in line["measurements"] if read["value"] is not None}:
            trainings[cell].append(_Training.of(line))
            if "training" in disturbed_parts(map(Warning.from_dict, line.get("warnings") or ())):
                disturbed.add(cell)
    where = of_several(machines)
    return {
        cell: _test([each.at(where) for each in trainings[cell]], float(goal), known, contended=cell in disturbed)
        for cell, known in seeds.items()
        if trainings[cell] or known.all_lost
    }


class _Training(NamedTuple):
    """One training: its seed, the class of its machine or that one's name, its looks, and the seconds that ended it."""

    seed: int | None
    machine: str
    looks: Sequence[Mapping[str, Any]]
    limit: float

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "_Training":
        """That of a stored line."""
        learnt = line["training"]
        return cls(seed_of(line["cell"]), class_of(line), learnt["epochs"], learnt.get("limit") or 0.0)

    @property
    def accuracy(self) -> float:
        """At the end."""
        return float(self.looks[-1]["test_accuracy"])

    @property
    def seconds(self) -> float:
        """To the end."""
        return float(self.looks[-1]["seconds"])

    def at(self, names: Mapping[str, str]) -> "_Training":
        """The same with the machine's name; "" where it needs none."""
        return self._replace(machine=names.get(self.machine, ""))

    def first(self, goal: float) -> float | None:
        """Seconds until the first look that sees the goal."""
        return next((float(look["seconds"]) for look in self.looks if (look["test_accuracy"] or 0.0) >= goal), None)


def _test(trainings: Sequence[_Training], goal: float, seeds: Seeds, *, contended: bool) -> GoalTest:
    """Of a configuration's trainings; where several are of one seed, their mean is that seed's, and counts once."""
    accuracies = _by_seed((each.seed, each.accuracy) for each in trainings)
    limit = max((each.limit for each in trainings), default=0.0)
    first = [(each, seconds) for each in trainings if (seconds := each.first(goal)) is not None]
    return GoalTest(
        goal=goal,
        accuracy=pooled(accuracies, "mean") if accuracies else None,
        p=None if limit else p_above(accuracies, goal),
        seconds=_by_machine((each, each.seconds) for each in trainings),
        first=_by_machine(first),
        seen=len({each.seed for each, _ in first}),
        seeds=seeds.count,
        lost=seeds.lost,
        contended=contended,
        limit=limit,
    )


def _by_seed(values: Iterable[tuple[int | None, float]]) -> list[float]:
    """The mean of each seed's."""
    gathered: dict[int | None, list[float]] = defaultdict(list)
    for seed, value in values:
        gathered[seed].append(value)
    return [fmean(each) for each in gathered.values()]


def _by_machine(values: Iterable[tuple[_Training, float]]) -> dict[str, Interval]:
    """Seconds over the seeds of each machine, since times of several do not compare."""
    gathered: dict[str, list[tuple[int | None, float]]] = defaultdict(list)
    for training, seconds in values:
        gathered[training.machine].append((training.seed, seconds))
    return {machine: pooled(_by_seed(each), "log_mean") for machine, each in gathered.items()}


def _times(times: Mapping[str, Interval], of: str = "") -> str:
    """Each machine's: 2.00 s ± 1 % of training on A and 3.10 s ± 2 % of training on B."""
    return joined((f"{_seconds(time)}{of}{f' on {where}' if where else ''}" for where, time in times.items()), most=9)


def _seconds(time: Interval) -> str:
    share = time.half_width
    return quantity(time.value, "s") + ("" if share is None else f" {either_way(share)}")
