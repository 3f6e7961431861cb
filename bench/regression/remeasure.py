"""Remeasure: compare suspects with the revision of their anchor, and put the verdicts into the stored decision."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.compare.ab import Rules, compare
from bench.compare.pair_clock import Tell
from bench.compare.sides import Comparison, Revisions, revisions
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.plan import CHECKS, Plan, plan_from
from bench.regression.confirm import Group, Suspect, grouped
from bench.regression.cost import beyond_anchor
from bench.verdict.verdict import Decision, Verdict
from bench.vocabulary import PAIR_METRICS


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
    """What an A/B comparison of a group says.

    Attributes:
        decision: the whole.
        verdicts: that on each suspect, by its cell's id.
        instead: why it was not made beside the anchor; "" where it was.

    """

    decision: Decision
    verdicts: Mapping[str, Verdict]
    instead: str = ""


Remeasure = Callable[[Group, int], Remeasured]  # a group and its number, from 0


def measured_again(decision: Decision, suspects: Iterable[Suspect], remeasure: Remeasure) -> Decision:
    """The decision with each suspect's verdict replaced by that of an A/B comparison, where one could be made.

    Cells that differ in their architecture alone are compared together. Where the anchor's revision cannot be measured,
    since it is not at hand or since `remeasure` raises a BenchError, the last accepted one is, and a note says so: a
    loss beside it fails, and what is lost since the anchor stays inconclusive without one. What cannot be measured at
    all, or is the same code, stays inconclusive too, and a note says why.

    Raises:
        KeyboardInterrupt: before a comparison had any numbers.

    """
    verdicts: dict[str, Verdict] = {}
    near: set[str] = set()  # the cells that were not measured beside their anchor
    notes: list[str] = []
    seconds = decision.seconds
    for number, group in enumerate(grouped(suspects)):
        again = _attempt(group, number, remeasure)
        if isinstance(again, str):
            notes.append(f"{group.names} not measured again: {again}")
            continue
        seconds += again.decision.seconds
        notes += again.decision.notes
        if again.instead:
            near.update(again.verdicts)
            notes.append(f"{group.names}: {again.instead}")
        if again.decision.interrupted:
            notes.append(f"measuring again ended early: {again.decision.interrupted}")
        verdicts |= again.verdicts
        gone = [suspect.new.id for suspect in group.suspects if suspect.new.id not in again.verdicts]
        notes += [f"{cell} not measured again: only one of the two revisions has it" for cell in gone]
    return replace(
        decision,
        verdicts=tuple(_joined(verdict, verdicts, near) for verdict in decision.verdicts),
        notes=tuple(dict.fromkeys((*decision.notes, *notes))),
        seconds=seconds,
    )


def _attempt(group: Group, number: int, remeasure: Remeasure) -> Remeasured | str:
    """What came of measuring a group again, or why that cannot be done."""
    again = _beside(group, number, remeasure)
    nearer = group.beside_latest
    if isinstance(again, Remeasured) or group.is_same_code or nearer is None:
        return again
    instead = _beside(nearer, number, remeasure)
    if isinstance(instead, str):
        return again if instead == again else f"{again}; nor beside the last accepted run: {instead}"
    why = f"not measured beside the anchor ({again}), but beside the last accepted revision {nearer.reference[:10]}"
    return replace(instead, instead=f"{why}, which cannot tell what was lost before it")


def _beside(group: Group, number: int, remeasure: Remeasure) -> Remeasured | str:
    """The same beside one revision."""
    if group.hopeless:
        return group.hopeless
    try:
        return remeasure(group, number)
    except BenchError as error:
        return str(error)


def remeasured(group: Group, confirmation: Confirmation, number: int, tell: Tell) -> Remeasured:
    """Compare the group beside the revision of its anchor.

    Raises:
        BenchError: the revision is not at hand, or the cells cannot be run.

    """
    began, first = time.monotonic(), group.suspects[0]
    second = None if first.new.dirty or not first.new.revision else first.new.revision
    record = confirmation.rules.record and confirmation.rules.record.with_stem(
        f"{confirmation.rules.record.stem}-{number + 1}"
    )
    rules = replace(confirmation.rules, tolerance=first.tolerance, record=record)
    plan, between = _plan(group, confirmation), Revisions(confirmation.repo, group.reference, second)
    with revisions(between, plan, chosen=True) as sides:
        if not sides.sides:
            why = sides.broken or (f"no cell is in both {sides.before.label} and {sides.after.label}",)
            raise BenchError("; ".join(why))
        decision = compare(sides, plan, rules, tell, began)
    return Remeasured(decision, by_suspect(decision, sides, group))


def by_suspect(decision: Decision, sides: Comparison, group: Group) -> dict[str, Verdict]:
    """The verdict of each suspect by its id; the cells of the comparison may have other threads in theirs."""
    verdicts = {verdict.cell: verdict for verdict in decision.verdicts if verdict.metric in PAIR_METRICS}
    names = {side.cell.source("architecture"): name for name, (_, side) in sides.sides.items()}
    return {
        suspect.new.id: replace(verdicts[names[source]], cell=suspect.new.id)
        for suspect in group.suspects
        if (source := suspect.new.cell.source("architecture")) in names
    }


def _plan(group: Group, confirmation: Confirmation) -> Plan:
    """The grid of the group, with the threads that its relative cost was measured with."""
    new, defaults = group.suspects[0].new, Cell("")
    axes = {
        key: (new.cell.as_named(field),)
        for field, key in AXES.items()
        if getattr(new.cell, field) is not None or getattr(defaults, field) is not None
    }
    fixed = {
        "architectures": tuple(suspect.new.cell.source("architecture") for suspect in group.suspects),
        "threads": (new.machine.fields.get("threads", new.cell.threads),),
        "data_dir": confirmation.data_dir,
        "budget": confirmation.budget,
    }
    return plan_from({"suite": CHECKS, **axes, **fixed})


def _joined(stored: Verdict, again: Mapping[str, Verdict], near: Collection[str]) -> Verdict:
    """The verdict of a suspect that was measured again, with why it was."""
    if not stored.suspect or stored.metric == "accuracy" or stored.cell not in again:
        return stored
    verdict = again[stored.cell]
    reason = f"{stored.reason}; measured again side by side: {verdict.reason}"
    if stored.cell in near and verdict.verdict != "regressed" and beyond_anchor(stored):
        return replace(stored, reason=f"{reason}, beside the last accepted revision alone")
    return replace(verdict, reason=reason, anchor=stored.anchor)
