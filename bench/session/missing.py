"""Missing: what of a plan is still to be measured, by the results that its run has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.estimate import around_seconds, expected_seconds, renewal_seconds, surface_seconds, trial_seconds
from bench.plan.plan import Plan
from bench.plan.tuning import with_best_rates
from bench.session.standing import Standing
from bench.session.trials import grouped
from bench.store.result import Result

Past = Mapping[tuple[Cell, int], Result]


@dataclass(frozen=True, slots=True)
class Missing:
    """What is still to be measured.

    Attributes:
        trials: of learning rates.
        repeats: how many repeats each cell needs, as far as can be known; those that need none are left out.
        untrained: the cells among them that are still to be trained.

    """

    trials: tuple[Cell, ...]
    repeats: Mapping[Cell, int]
    untrained: frozenset[Cell]

    def seconds(self, plan: Plan, catalogue: Catalogue, slots: int = 1) -> float:
        """How long that is likely to take where so many tasks run at once, from the start of the command to its end."""
        each = (
            expected_seconds([cell], replace(plan, repeats=count, epochs=self._epochs(cell, plan)), catalogue)
            for cell, count in self.repeats.items()
        )
        most = replace(plan, repeats=max(self.repeats.values(), default=0))
        renewal = renewal_seconds(self.repeats, most)
        tasks = sum(each) + renewal + trial_seconds(self.trials, plan, catalogue)
        return tasks / slots + around_seconds(self.repeats, plan) + surface_seconds(self.repeats, plan, catalogue)

    def _epochs(self, cell: Cell, plan: Plan) -> int:
        return plan.epochs if cell in self.untrained else 0


def missing(plan: Plan, cells: Sequence[Cell], trials: Sequence[Cell], past: Past) -> Missing:
    """What is still to be measured of these cells, whose rates the `trials` find where there are any."""
    left = tuple(trial for trial in trials if (trial, 0) not in past)
    if left:  # then no cell has its rate yet
        return Missing(left, dict.fromkeys(cells, plan.repeats), frozenset(cells))
    final = _with_rates(cells, trials, past, plan.held_out) if trials else {cell: cell for cell in cells}
    due = _due(plan, [*final.values()], past)
    repeats = {cell: due[rated] for cell, rated in final.items() if due[rated]}
    return Missing((), repeats, frozenset(cell for cell in repeats if (final[cell], 0) not in past))


def _with_rates(cells: Sequence[Cell], trials: Sequence[Cell], past: Past, held_out: Sequence[str]) -> dict[Cell, Cell]:
    """Each cell with the best rate of its trials, all of which were made; those for which none can be used are not."""
    groups = grouped(trials, {cell: result for (cell, _), result in past.items()})
    rated = ((cell, with_best_rates([cell], groups, held_out)[0]) for cell in cells)
    return {cell: kept[0] for cell, kept in rated if kept}


def _due(plan: Plan, cells: Sequence[Cell], past: Past) -> Counter[Cell]:
    """How many repeats each cell needs; what those will tell of the need for more is not known yet."""
    standing, due = Standing(plan), Counter[Cell]()
    for repeat in range(plan.repeats + plan.again):
        if repeat == plan.repeats:
            standing.note_late(cells)
        for cell in cells:
            if standing.is_due(cell, repeat):
                if (cell, repeat) in past:
                    standing.learn(past[cell, repeat])
                else:
                    due[cell] += 1
    return due
