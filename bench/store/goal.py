"""Goal: what the seeds of a configuration say of the accuracy aimed at, by their mean at the end and by first looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bench.plan.cell import Cell, seed_of
from bench.stats.above import LEVEL, p_above
from bench.stats.interval import Interval
from bench.store.pooling import pooled
from bench.store.seeds import Seeds, asked_of, over_seeds
from bench.store.warning import Warning, disturbed_parts
from bench.text import PERCENT, chance, either_way, plural, quantity, with_interval

Trainings = Sequence[Mapping[str, Any]]
_CONTENDED = " (other work took its cores: do not use the time)"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalTest:
    """One configuration, trained to the end by each seed, against a goal.

    The strict rule is that of the mean, of which nothing is chosen after the fact. The first look at which a seed is
    seen at the goal is chosen by the images that judge it, and so flatters.

    Attributes:
        goal: test accuracy, a share.
        accuracy: at the end, the mean over the seeds that have one.
        p: of the one-sided test that this mean is above the goal; None without a spread.
        seconds: of training to the end, the geometric mean.
        first: of training until a seed is first seen at the goal, over the seeds that are; None where none is.
        seeds: how many were asked for.
        lost: what became of those without an accuracy.
        contended: whether other work took the cores from the training of any.

    """

    goal: float
    accuracy: Interval
    p: float | None
    seconds: Interval
    first: Interval | None
    seeds: int
    lost: str = ""
    contended: bool = False

    @property
    def passed(self) -> bool:
        """Whether the mean is above the goal, with no seed left out and chance excluded at LEVEL."""
        return self.accuracy.n == self.seeds and self.p is not None and self.p < LEVEL

    @property
    def by_mean(self) -> str:
        """The strict rule in words: 99.06 ± 0.03 % over 20 seeds is above 99.00 % (one-sided p < 0.001) after ..."""
        low, high = self.accuracy.low, self.accuracy.high
        half = None if low is None or high is None else (high - low) / 2
        mean = with_interval(self.accuracy.value, PERCENT, half)
        seeds = over_seeds(self.accuracy.n, self.seeds, self.lost)
        doubt = _CONTENDED if self.contended else ""
        return f"{mean} over {seeds} {self._verdict}, after {_seconds(self.seconds)} of training{doubt}"

    @property
    def by_first_look(self) -> str:
        """The other rule in words: first seen at 99.00 % after 1.90 s ± 2.1 %, by 20 of 20 seeds."""
        goal = quantity(self.goal, PERCENT)
        if self.first is None:
            return f"never seen at {goal}"
        return f"first seen at {goal} after {_seconds(self.first)}, by {self.first.n} of {plural(self.seeds, 'seed')}"

    @property
    def _verdict(self) -> str:
        goal = quantity(self.goal, PERCENT)
        if self.p is None:
            return f"cannot be tested against {goal}"
        verdict = "is above" if self.passed else "is not shown to be above"
        return f"{verdict} {goal} (one-sided p {chance(self.p)})"


def goal_tests(lines: Iterable[Mapping[str, Any]], plan: Mapping[str, Any]) -> dict[Cell, GoalTest]:
    """The test of each configuration that was trained, by its cell; none where the plan has no goal.

    Args:
        lines: stored lines of a run, whole.
        plan: of the run, by the names of its fields.

    """
    goal = plan.get("goal")
    if not isinstance(goal, int | float) or not goal:
        return {}
    trainings: dict[Cell, dict[int | None, list[Mapping[str, Any]]]] = {}  # of each seed
    seeds: dict[Cell, Seeds] = {}
    disturbed = set[Cell]()
    for line in lines:
        cell = Cell.from_dict(line["cell"]).configuration
        seeds.setdefault(cell, Seeds(asked_of(plan))).note(line)
        if "accuracy" in {read["metric"] for read in line["measurements"] if read["value"] is not None}:
            trainings.setdefault(cell, {}).setdefault(seed_of(line["cell"]), []).append(line["training"])
            if "training" in disturbed_parts(map(Warning.from_dict, line.get("warnings") or ())):
                disturbed.add(cell)
    return {
        cell: _test(list(learnt.values()), float(goal), seeds[cell], contended=cell in disturbed)
        for cell, learnt in trainings.items()
    }


def _test(by_seed: Sequence[Trainings], goal: float, seeds: Seeds, *, contended: bool) -> GoalTest:
    """Of the trainings of each seed; where several machines had one, their mean is that seed's, and counts once."""
    accuracies = [fmean(_last(each)["test_accuracy"] for each in trainings) for trainings in by_seed]
    first = [
        fmean(times)
        for trainings in by_seed
        if (times := [seconds for each in trainings if (seconds := _first(each["epochs"], goal)) is not None])
    ]
    spent = [fmean(_last(each)["seconds"] for each in trainings) for trainings in by_seed]
    return GoalTest(
        goal=goal,
        accuracy=pooled(accuracies, "mean"),
        p=p_above(accuracies, goal),
        seconds=pooled(spent, "log_mean"),
        first=pooled(first, "log_mean") if first else None,
        seeds=seeds.count,
        lost=seeds.lost,
        contended=contended,
    )


def _last(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its look at the end."""
    look: Mapping[str, Any] = training["epochs"][-1]
    return look


def _first(looks: Iterable[Mapping[str, Any]], goal: float) -> float | None:
    """Seconds of training until the first look that sees the goal."""
    return next((float(look["seconds"]) for look in looks if (look["test_accuracy"] or 0.0) >= goal), None)


def _seconds(time: Interval) -> str:
    share = time.half_width
    return quantity(time.value, "s") + ("" if share is None else f" {either_way(share)}")
