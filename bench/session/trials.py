"""Trials: what training at each learning rate gave, by what shares a rate."""

from collections.abc import Iterable, Mapping

from bench.plan.cell import Cell
from bench.plan.tuning import Trial, group_of
from bench.store.result import Result


def grouped(trials: Iterable[Cell], results: Mapping[Cell, Result]) -> dict[Cell, list[Trial]]:
    """The trials of each group, whose results are all there."""
    groups: dict[Cell, list[Trial]] = {}
    for cell in trials:
        groups.setdefault(group_of(cell), []).append(_trial_of(results[cell]))
    return groups


def _trial_of(result: Result) -> Trial:
    """What training a trial gave."""
    values = {measurement.metric: measurement.value for measurement in result.measurements}
    rate = result.cell.learning_rate
    assert rate is not None
    return Trial(rate, result.status, result.reason, values.get("accuracy"), values.get("test_loss"), result.cell.seed)
