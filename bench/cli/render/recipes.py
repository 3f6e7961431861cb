"""Recipes: the changes of a run's base as a table, what each costs beside what it gains."""

from collections.abc import Sequence

from bench.cli.render.columns import Row, print_table
from bench.cli.render.paint import print_paragraphs
from bench.store.machines import digests_of
from bench.store.recipes import Change, changes_of, how_sure, points_text, ratio_text, within
from bench.store.run import Run
from bench.text import chance


def print_changes(run: Run) -> None:
    """Print a row for each change, and what the columns are; nothing where a run did not change one thing at a time."""
    plan = run.facts.plan
    if plan.get("one_at_a_time") and (changes := changes_of(run.heads(), plan, digests_of(run.heads()))):
        print()
        print_table(rows_of(changes))
        print_paragraphs([notes_of(changes)])


def rows_of(changes: Sequence[Change]) -> list[Row]:
    """A row for each change."""
    answers = any(each.answer for each in changes)
    machines = any(each.machine for each in changes)
    return [_row(change, answers=answers, machines=machines) for change in changes]


def _row(change: Change, *, answers: bool, machines: bool) -> Row:
    answer = {"an answer takes": ratio_text(change.answer) if change.answer else "-"} if answers else {}
    where = {"on": change.machine or "-"} if machines else {}
    return {
        "changed": change.name + " *" * change.contended,
        **where,
        "a step takes": ratio_text(change.step) if change.step else "-",
        **answer,
        "accuracy": points_text(change.gain) if change.gain else "-",
        "seeds": str(change.gain.n) if change.gain else "-",
        "p": "-" if change.p is None else chance(change.p),
        "which": change.verdict,
    }


def notes_of(changes: Sequence[Change]) -> str:
    """What the columns are."""
    doubt = " * other work took its cores each time: do not use its times." if any(c.contended for c in changes) else ""
    paired = f"accuracies are paired by seed; {how_sure(changes)}"
    known = paired if any(each.gain for each in changes) else "no accuracies are known that compare"
    return f"Beside {changes[0].base.id}, with 95 % intervals; {known}.{within(changes)}{doubt}"
