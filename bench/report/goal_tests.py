"""Goal tests in sentences: whether the mean accuracy over seeds is above what the plan aims at, by both rules."""

from bench.plan.cell import Cell
from bench.plan.short_names import short_names
from bench.plan.split import judging
from bench.report.order import Sentence
from bench.report.record import Record
from bench.report.table import percent_of
from bench.stats.above import LEVEL
from bench.store.goal import goal_tests

_RULES = (
    f"By the strict rule all trainings are equally long, and the mean at the end counts, above if p < {LEVEL:g}. The "
    "first look flatters, since the {} images choose it"
)


def goal_sentences(record: Record) -> list[Sentence]:
    """A sentence for each configuration that was trained or lost, where the plan has a goal."""
    labels = _labels(record)
    return [
        Sentence(
            f"Goal {percent_of(test.goal)}",
            f"{labels[cell]}: {test.by_mean}.",
            f"It was {test.by_first_look}. {_RULES.format(judging([cell.split]))}.",
        )
        for cell, test in goal_tests(record.results, record.facts.plan, record.machines).items()
    ]


def _labels(record: Record) -> dict[Cell, str]:
    """The label of each configuration; its short name where rows are of one machine each, which a mean is not."""
    labels = {row.cells[0].configuration: row.label for row in record.rows}
    return labels if len(labels) == len(record.rows) else dict(zip(labels, short_names([*labels]), strict=True))
