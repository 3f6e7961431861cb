"""Remeasure: compare suspects with the revision of the baseline, and put the verdicts into the stored decision."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.compare.ab import Rules, compare
from bench.compare.sequential import Tell
from bench.compare.sides import Comparison, Revisions, revisions
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.plan import CHECKS, Plan, plan_from
from bench.regression.confirm import Group, Suspect, grouped
from bench.verdict.verdict import Decision, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """How to measure again.

    Attributes:
        repo: a folder of the repository that has both revisions.
        rules: as of `ab`; the tolerance is each suspect's own.
        data_dir: folder with data sets that are not embedded.
        budget: seconds for each group of cells; None for no end.

    """

    repo: Path
    rules: Rules
    data_dir: str = ""
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Remeasured:
    """What an A/B comparison of a group says: the whole, and the verdict of each suspect by its cell's id."""

    decision: Decision
    verdicts: Mapping[str, Verdict]


Remeasure = Callable[[Group, int], Remeasured]  # a group and its number, from 0


def measured_again(decision: Decision, suspects: Iterable[Suspect], remeasure: Remeasure) -> Decision:
    """The decision with each suspect's verdict replaced by that of an A/B comparison, where one could be made.

    Cells that differ in their architecture alone are compared together. What cannot be measured again, since the
    revision is not at hand or is the same, or since `remeasure` raises a BenchError, stays inconclusive, and a note
    says why.

    Raises:
        KeyboardInterrupt: before a comparison had any numbers.

    """
    verdicts: dict[str, Verdict] = {}
    notes: list[str] = []
    seconds = decision.seconds
    for number, group in enumerate(grouped(suspects)):
        again = _attempt(group, number, remeasure)
        if isinstance(again, str):
            notes.append(f"{group.names} not measured again: {again}")
            continue
        seconds += again.decision.seconds
        notes += again.decision.notes
        if again.decision.interrupted:
            notes.append(f"measuring again ended early: {again.decision.interrupted}")
        verdicts |= again.verdicts
        gone = [suspect.new.id for suspect in group.suspects if suspect.new.id not in again.verdicts]
        notes += [f"{cell} not measured again: only one of the two revisions has it" for cell in gone]
    return replace(
        decision,
        verdicts=tuple(_joined(verdict, verdicts) for verdict in decision.verdicts),
        notes=tuple(dict.fromkeys((*decision.notes, *notes))),
        seconds=seconds,
    )


def _attempt(group: Group, number: int, remeasure: Remeasure) -> Remeasured | str:
    """What came of measuring a group again, or why that cannot be done."""
    if group.hopeless:
        return group.hopeless
    try:
        return remeasure(group, number)
    except BenchError as error:
        return str(error)


def remeasured(group: Group, confirmation: Confirmation, number: int, tell: Tell) -> Remeasured:
    """Compare the group beside the revision of the baseline.

    Raises:
        BenchError: the revision is not at hand, or the cells cannot be run.

    """
    first = group.suspects[0]
    second = None if first.new.dirty or not first.new.revision else first.new.revision
    record = confirmation.rules.record and confirmation.rules.record.with_stem(
        f"{confirmation.rules.record.stem}-{number + 1}"
    )
    rules = replace(confirmation.rules, tolerance=first.tolerance, record=record)
    plan, between = _plan(group, confirmation), Revisions(confirmation.repo, group.reference, second)
    with revisions(between, plan, chosen=True) as sides:
        decision = compare(sides, plan, rules, tell)
    return Remeasured(decision, by_suspect(decision, sides, group))


def by_suspect(decision: Decision, sides: Comparison, group: Group) -> dict[str, Verdict]:
    """The verdict of each suspect by its id; the cells of the comparison may have other threads in theirs."""
    verdicts = {verdict.cell: verdict for verdict in decision.verdicts}
    names = {side.cell.architecture: name for name, (_, side) in sides.sides.items()}
    return {
        suspect.new.id: replace(verdicts[names[suspect.new.cell.architecture]], cell=suspect.new.id)
        for suspect in group.suspects
        if suspect.new.cell.architecture in names
    }


def _plan(group: Group, confirmation: Confirmation) -> Plan:
    """The grid of the group, with the threads that its relative cost was measured with."""
    new, defaults = group.suspects[0].new, Cell("")
    axes = {
        key: (getattr(new.cell, field),)
        for field, key in AXES.items()
        if getattr(new.cell, field) is not None or getattr(defaults, field) is not None
    }
    fixed = {
        "architectures": tuple(suspect.new.cell.architecture for suspect in group.suspects),
        "threads": (new.machine.fields.get("threads", new.cell.threads),),
        "data_dir": confirmation.data_dir,
        "budget": confirmation.budget,
    }
    return plan_from({"suite": CHECKS, **axes, **fixed})


def _joined(stored: Verdict, again: Mapping[str, Verdict]) -> Verdict:
    """The verdict of a suspect that was measured again, with why it was."""
    if not stored.suspect or stored.metric == "accuracy" or stored.cell not in again:
        return stored
    verdict = again[stored.cell]
    return replace(verdict, reason=f"{stored.reason}; measured again side by side: {verdict.reason}")
