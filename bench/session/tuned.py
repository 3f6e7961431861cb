"""Stages: a plan that tunes is run in two, the trials of learning rates and then the cells with the best of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.tuning import Trial, best_of, group_of, plan_of_trials, settled
from bench.session.scheduler import Schedule
from bench.store.result import Result

# Makes the schedule of one stage from its plan, its cells and when the run started.
Begin = Callable[[Plan, Sequence[Cell], float | None], Schedule]


@dataclass(slots=True)
class Stages:
    """Runs a plan whose cells have their learning rates yet to be found.

    Args:
        plan: with `tune` above 0.
        cells: what is to be measured, each without a learning rate.
        trials: what is to be trained before.
        begin: makes the schedule of a stage.
        keep: called with the result of each cell that never gets its turn.
        past: the results of an earlier session of this run.
        note: called with what was found for each configuration, as plain data: `id` and `cell` of the configuration,
            `learning_rate` (None where none can be used), `trials`.

    """

    plan: Plan
    cells: Sequence[Cell]
    trials: Sequence[Cell]
    begin: Begin
    keep: Callable[[Result], None]
    past: Iterable[Result]
    note: Callable[[list[dict[str, Any]]], None]
    outcome: str = "running"
    endings: dict[Cell, str] = field(default_factory=dict)

    def run(self) -> None:
        """Make the trials, choose, and visit the cells with the rates chosen.

        Raises:
            KeyboardInterrupt: as it came.

        """
        trials = set(self.trials)
        results = {one.cell: one for one in self.past if one.cell in trials}
        first = self.begin(plan_of_trials(self.plan), self.trials, None)
        keep = first.keep

        def keep_both(result: Result) -> None:
            results[result.cell] = result
            keep(result)

        first.keep = keep_both
        try:
            first.run()
        except KeyboardInterrupt:
            self.outcome = "interrupted"
            self._leave_out("the run was interrupted before its learning rate was found")
            raise
        if first.outcome != "finished":
            self.outcome = first.outcome
            self._leave_out(f"the budget of {self.plan.budget:g} s ended before its learning rate was found")
            return
        found: dict[Cell, list[Trial]] = {}
        for cell in self.trials:
            found.setdefault(group_of(cell), []).append(trial_of(results[cell]))
        self.note([_told(group, tried) for group, tried in found.items()])
        cells, lost = settled(self.cells, found)
        for cell, reason in lost:
            self.keep(Result(cell, "skipped", reason))
        second = self.begin(self.plan, cells, first.started)
        try:
            second.run()
        finally:
            self.outcome, self.endings = second.outcome, second.endings

    def _leave_out(self, reason: str) -> None:
        for cell in self.cells:
            self.keep(Result(cell, "skipped", reason))


def trial_of(result: Result) -> Trial:
    """What a visit to a trial gave."""
    values = {one.metric: one.value for one in result.measurements}
    rate = result.cell.learning_rate
    assert rate is not None
    return Trial(rate, result.status, result.reason, values.get("accuracy"), values.get("test_loss"))


def _told(group: Cell, trials: list[Trial]) -> dict[str, Any]:
    best = best_of(trials)
    return {
        "id": group.id,
        "cell": group.to_dict(),
        "learning_rate": best.learning_rate if best else None,
        "trials": [asdict(one) for one in trials],
    }
