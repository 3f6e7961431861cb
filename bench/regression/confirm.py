"""Suspects: cells that stored numbers call slower, measured again beside the revision of the baseline."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.compare.ab import Rules, compare
from bench.compare.sequential import Told
from bench.compare.sides import revisions
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.plan import Plan, plan_from
from bench.store.summary import Reading
from bench.verdict.verdict import Decision, Verdict

SUITE = "checks"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cell to be measured again.

    Attributes:
        new: what the run says of it.
        old: what the latest accepted run that it compares with says.
        tolerance: the slowdown, as a share, from which on a loss matters.

    """

    new: Reading
    old: Reading
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrial:
    """How to measure again.

    Attributes:
        repo: a folder of the repository that has both revisions.
        rules: as of `ab`; the tolerance is each suspect's own.
        data_dir: folder with data sets that are not embedded.
        budget: seconds for each group of cells; None for no end.
        tell: hears of each pair.
        begin: hears what is compared, before the first pair.
        hold: keeps the machine for a comparison; a BenchError where another run has it.

    """

    repo: Path
    rules: Rules
    data_dir: str
    budget: float | None
    tell: Told
    begin: Callable[[str], None]
    hold: Callable[[], AbstractContextManager[None]]


def measured_again(decision: Decision, suspects: Mapping[str, Suspect], how: Retrial) -> Decision:
    """The decision with each suspect's verdict replaced by that of an A/B comparison, where one could be made.

    Cells that differ in their architecture alone are compared together. What cannot be measured again, since the
    revision is not at hand or is the same, stays inconclusive, and a note says why.

    Raises:
        KeyboardInterrupt: before a comparison had any numbers.

    """
    found: dict[str, Verdict] = {}
    notes: list[str] = []
    seconds = decision.seconds
    for number, group in enumerate(_groups(suspects)):
        first = group[0]
        reason = _hopeless(first)
        if reason:
            notes.append(f"{_names(group)} not measured again: {reason}")
            continue
        try:
            made = _compared(group, how, number)
        except BenchError as error:
            notes.append(f"{_names(group)} not measured again: {error}")
            continue
        seconds += made.seconds
        notes += [note for note in made.notes if note not in notes]
        if made.interrupted:
            notes.append(f"measuring again ended early: {made.interrupted}")
        found |= _by_cell(made, group)
    verdicts = tuple(_joined(one, found) for one in decision.verdicts)
    kept = [note for note in notes if note not in decision.notes]
    return replace(decision, verdicts=verdicts, notes=(*decision.notes, *kept), seconds=seconds)


def _groups(suspects: Mapping[str, Suspect]) -> Iterator[list[Suspect]]:
    """Suspects that one grid holds: alike but for their architecture."""
    groups: dict[tuple[Any, ...], list[Suspect]] = {}
    for one in suspects.values():
        cell = replace(one.new.cell, architecture="")
        key = (cell, one.old.revision, one.new.revision, one.new.dirty, one.tolerance, one.new.machine.digest)
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def _hopeless(suspect: Suspect) -> str:
    """Why an A/B comparison cannot tell anything; "" where it can."""
    old, new = suspect.old, suspect.new
    if not old.revision:
        return "the baseline does not know the revision it was measured at"
    if old.revision == new.revision and not old.dirty and not new.dirty:
        return "both are the same revision, so no change of the code made it slower; repeat it on a quiet machine"
    return ""


def _compared(group: list[Suspect], how: Retrial, number: int) -> Decision:
    """The A/B decision of the group."""
    first = group[0]
    plan = _plan(first, tuple(one.new.cell.architecture for one in group), how)
    second = None if first.new.dirty or not first.new.revision else first.new.revision
    record = how.rules.record and how.rules.record.with_stem(f"{how.rules.record.stem}-{number + 1}")
    rules = replace(how.rules, tolerance=first.tolerance, record=record)
    with how.hold(), revisions(how.repo, first.old.revision, second, plan, chosen=True, inject=0.0) as sides:
        how.begin(f"{_names(group)}: measured again beside {first.old.revision[:10]}")
        return compare(sides, plan, rules, how.tell)


def _plan(suspect: Suspect, architectures: tuple[str, ...], how: Retrial) -> Plan:
    """The grid of the group, with the threads that its relative cost was measured with."""
    cell, defaults = suspect.new.cell, Cell("")
    threads = suspect.new.machine.fields.get("threads", cell.threads)
    axes = {
        key: (getattr(cell, field),)
        for field, key in AXES.items()
        if getattr(cell, field) is not None or getattr(defaults, field) is not None
    }
    fixed = {"architectures": architectures, "threads": (threads,), "data_dir": how.data_dir, "budget": how.budget}
    return plan_from({"suite": SUITE, **axes, **fixed})


def _by_cell(made: Decision, group: list[Suspect]) -> dict[str, Verdict]:
    """The verdict of each suspect of the group; the cells of the comparison may have other threads in their ids."""
    found = {}
    for one in group:
        prefix = f"{one.new.cell.architecture}-"
        match = next((verdict for verdict in made.verdicts if verdict.cell.startswith(prefix)), None)
        if match is not None:
            found[one.new.id] = replace(match, cell=one.new.id)
    return found


def _joined(stored: Verdict, found: Mapping[str, Verdict]) -> Verdict:
    """The verdict of a suspect that was measured again, with why it was."""
    if stored.metric != "relative_cost" or stored.cell not in found:
        return stored
    again = found[stored.cell]
    return replace(again, reason=f"{stored.reason}; measured again side by side: {again.reason}")


def _names(group: list[Suspect]) -> str:
    return ", ".join(one.new.id for one in group)
