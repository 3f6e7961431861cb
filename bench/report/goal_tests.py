"""Goal tests in sentences: whether the mean accuracy over seeds is above what the plan aims at, by both rules."""

from bench.report.order import Sentence
from bench.report.record import Record
from bench.report.table import percent_of
from bench.stats.above import LEVEL
from bench.store.goal import goal_tests

_RULES = (
    f"By the strict rule all trainings are equally long, and the mean at the end counts, above if p < {LEVEL:g}. The "
    "first look flatters, since the test images choose it"
)


def goal_sentences(record: Record) -> list[Sentence]:
    """A sentence for each configuration that was trained, where the plan has a goal."""
    labels = {row.cells[0].configuration: row.label for row in record.rows}
    return [
        Sentence(
            f"Goal {percent_of(test.goal)}",
            f"{labels[cell]}: {test.by_mean}.",
            f"It was {test.by_first_look}. {_RULES}.",
        )
        for cell, test in goal_tests(record.results, record.facts.plan).items()
    ]
