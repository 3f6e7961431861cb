"""Goal verdict: what a goal test found, in numbers that are written and read as JSON."""

from dataclasses import dataclass

from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.store.goal import GoalTest, goal_tests
from bench.store.machines import digests_of
from bench.store.run import Run


@dataclass(frozen=True, slots=True)
class GoalTime:
    """How long the trainings of one machine took, geometric means over its seeds.

    Attributes:
        machine: digest of machine and software, as in rows; "" where the run has one machine.
        training: seconds of training to the end.
        first_look: likewise until a seed is first seen at the goal, over those that are; None where none is.

    """

    machine: str
    training: Interval
    first_look: Interval | None


@dataclass(frozen=True, slots=True)
class GoalVerdict:
    """One configuration against the goal, by both rules.

    Attributes:
        configuration: its id.
        goal: the accuracy aimed at.
        split: whose images tell the accuracy.
        accuracy: at the end, the mean over the seeds that have one; None where none has.
        p: of the one-sided test that this mean is above the goal; None without a spread, or where seconds ended any.
        passed: whether it is above, with no seed left out.
        seeds: how many were asked for.
        lost: what became of those without an accuracy; "" where there are none.
        seen: how many seeds are seen at the goal at any look, which flatters.
        contended: whether other work took the cores from the training of any: then no time is to be used.
        times: of each machine.

    """

    configuration: str
    goal: float
    split: str
    accuracy: Interval | None
    p: float | None
    passed: bool
    seeds: int
    lost: str
    seen: int
    contended: bool
    times: tuple[GoalTime, ...]


def goal_verdicts(run: Run) -> list[GoalVerdict]:
    """The verdict of each configuration that was trained or lost; none where the run had no goal."""
    if not run.facts.plan.get("goal"):
        return []  # whole lines take long to read
    machines = {machine: machine for machine in digests_of(run.heads())}
    return [_verdict(cell, test) for cell, test in goal_tests(run.lines(), run.facts.plan, machines).items()]


def _verdict(cell: Cell, test: GoalTest) -> GoalVerdict:
    times = (GoalTime(machine, training, test.first.get(machine)) for machine, training in test.seconds.items())
    return GoalVerdict(
        configuration=cell.id,
        goal=test.goal,
        split=cell.split,
        accuracy=test.accuracy,
        p=test.p,
        passed=test.passed,
        seeds=test.seeds,
        lost=test.lost,
        seen=test.seen,
        contended=test.contended,
        times=tuple(times),
    )
