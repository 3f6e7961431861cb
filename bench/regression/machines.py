"""Machines: the cells of a run screened for each class of machines apart; what they learnt is judged once for all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.metrics import row_of
from bench.regression.screening import Screening, Terms, compare
from bench.store.machines import is_learnt
from bench.store.summary import CellSummary
from bench.text import joined
from bench.verdict.verdict import Verdict


def screened(new: Sequence[CellSummary], stored: Sequence[CellSummary], terms: Mapping[str, Terms]) -> Screening:
    """The verdicts on all cells of a run.

    Where several classes of machines measured it, each verdict on a time names its machine, and a suspect stays one:
    what was slow on another machine is not cleared by measuring on this one.

    Args:
        new: the readings of the run, one a cell and class of machines.
        stored: those of the accepted runs, oldest first.
        terms: by class, what the readings are held to.

    """
    parts, usual = _parts(new), next(iter(terms.values()))
    if len(parts) < 2:
        return compare(new, stored, terms.get(next(iter(parts)), usual))
    names = _names(parts)
    every = {summary.id for summary in new}
    screenings = [
        compare(part, _of_part(stored, part, every, first=not at), terms.get(machine, usual))
        for at, (machine, part) in enumerate(parts.items())
    ]
    verdicts: dict[tuple[str, str, str], Verdict] = {}
    for machine, screening in zip(parts, screenings, strict=True):
        for verdict in screening.verdicts:
            learnt = is_learnt(row_of(verdict.metric))
            where = "" if learnt or verdict.verdict == "missing" else names[machine]
            verdicts.setdefault((verdict.cell, verdict.metric, where), _on(verdict, where))
    notes = dict.fromkeys(note for screening in screenings for note in screening.notes)
    if suspects := dict.fromkeys(name for screening in screenings for name in screening.suspects):
        notes[f"not measured again, since several machines measured this run: {joined(suspects)}"] = None
    falls = {learnt.new.id: learnt for screening in reversed(screenings) for learnt in screening.falls}
    return Screening(tuple(verdicts.values()), {}, {}, tuple(notes), tuple(falls.values()))


def _parts(new: Sequence[CellSummary]) -> dict[str, list[CellSummary]]:
    """The readings by class; a cell that told no system, since it failed or was skipped, makes no class of its own."""
    first = next((summary.machine_class for summary in new if summary.machine_class), "")
    parts: dict[str, list[CellSummary]] = {}
    for summary in new:
        parts.setdefault(summary.machine_class or first, []).append(summary)
    return parts


def _of_part(
    stored: Sequence[CellSummary], part: Sequence[CellSummary], every: set[str], *, first: bool
) -> list[CellSummary]:
    """The accepted readings of the cells of a part; the first has those that no part has, too, which are missing."""
    wanted = {summary.id for summary in part}
    return [summary for summary in stored if summary.id in wanted or (first and summary.id not in every)]


def _names(parts: Mapping[str, Sequence[CellSummary]]) -> dict[str, str]:
    """A name for each class, no two the same."""
    names = {
        machine: next(summary.machine.name for summary in part if summary.machine_class == machine)
        for machine, part in parts.items()
    }
    twice = [name for name in names.values() if list(names.values()).count(name) > 1]
    return {machine: f"{name} ({machine[:6]})" if name in twice else name for machine, name in names.items()}


def _on(verdict: Verdict, machine: str) -> Verdict:
    """The verdict with its machine before the reason; as it is where it is of all."""
    if not machine:
        return verdict
    return replace(verdict, reason=f"on {machine}: {verdict.reason}" if verdict.reason else f"on {machine}")
