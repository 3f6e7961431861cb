"""Tuned: a plan that tunes is run in two, the trials of learning rates and then the cells with the best of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.tuning import Trial, best_of, plan_of_trials, with_best_rates
from bench.session.forecast import whole_seconds
from bench.session.recording import Recording
from bench.session.scheduler import Scheduler
from bench.session.trials import grouped
from bench.store.result import Result
from bench.vocabulary import RunStatus


@dataclass(slots=True)
class Tuned:
    """Runs a plan whose cells have their learning rates yet to be found.

    Args:
        plan: with `tune` above 0.
        cells: what is to be measured, each without a learning rate.
        trials: what is to be trained before.
        recording: of the run; its facts get `tuned`, a list with `id` and `cell` of each configuration, its
            `learning_rate` (None where none can be used) and its `trials`.
        outcome: how it ended, as of a Scheduler.
        endings: likewise, by cell.

    """

    plan: Plan
    cells: Sequence[Cell]
    trials: Sequence[Cell]
    recording: Recording
    outcome: RunStatus = "running"
    endings: dict[Cell, str] = field(default_factory=dict)

    def run(self) -> None:
        """Train the trials, choose, and measure the cells with the rates chosen.

        Raises:
            KeyboardInterrupt: as it came.

        """
        results = {cell: result for (cell, _), result in self.recording.past.items()}
        if not self._tried(results):
            return
        groups = grouped(self.trials, results)
        self.recording.run.note(tuned=[_facts(group, trials) for group, trials in groups.items()])
        cells, lost = with_best_rates(self.cells, groups, self.plan.held_out)
        for cell, reason in lost:
            self.recording.leave_out([cell], reason)
        schedule = self.recording.schedule(self.plan, cells)
        try:
            schedule.run()
        finally:
            self.outcome, self.endings = schedule.outcome, schedule.endings

    def _tried(self, results: dict[Cell, Result]) -> bool:
        """Put what each trial gave beside the `results` of before; whether all were made."""

        def keep(result: Result) -> None:
            results[result.cell] = result
            self.recording.run.append(result)

        then = whole_seconds(self.cells, self.plan, self.recording.expected)
        schedule: Scheduler = self.recording.schedule(plan_of_trials(self.plan), self.trials, keep, then)
        try:
            schedule.run()
        except KeyboardInterrupt:
            self.outcome = "interrupted"
            self.recording.leave_out(self.cells, "the run was interrupted before its learning rate was found")
            raise
        if schedule.outcome == "finished":
            return True
        self.outcome = schedule.outcome
        budget = f"the budget of {self.plan.budget:g} s ended"
        self.recording.leave_out(self.cells, f"{budget} before its learning rate was found")
        return False


def _facts(group: Cell, trials: Sequence[Trial]) -> Mapping[str, Any]:
    """What run.json says of a configuration."""
    best = best_of(trials)
    return {
        "id": group.id,
        "cell": group.to_dict(),
        "learning_rate": best.learning_rate if best else None,
        "trials": [asdict(trial) for trial in trials],
    }
