"""Check: a recorded run against a baseline, from the files to the decision; nothing is measured here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pandas as pd

from bench.compare.calibration import checked_tolerance
from bench.errors import BenchError
from bench.metrics import named
from bench.plan.matching import cells_meant
from bench.regression.accepted import named_in_decision
from bench.regression.accuracy import Learnt
from bench.regression.confirm import Suspect
from bench.regression.machines import screened
from bench.regression.screening import Screening, Terms
from bench.regression.tolerances import Tolerances
from bench.store.baseline import Baseline
from bench.store.frame import by_machine, configurations, flagged_cells
from bench.store.run import Run
from bench.store.summary import CellSummary, summaries
from bench.text import joined, plural
from bench.verdict.verdict import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """How to judge.

    Attributes:
        allowed: tolerances and budgets.
        globs: names of cells, or globs (`bench.plan.matching`); others are left out on both sides. None: all cells.
        uncalibrated: allow a tolerance below the calibrated minimum for this machine.
        command: repeats the check.

    """

    allowed: Tolerances = field(default_factory=Tolerances)
    globs: tuple[str, ...] = ()
    uncalibrated: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A decision from stored numbers, by the cell's id what has to be measured again first, and what trained again."""

    decision: Decision
    suspects: dict[str, Suspect]
    falls: tuple[Learnt, ...] = ()


def check(run: Run, baseline: Baseline, rules: CheckRules) -> Check:
    """Judge the run.

    Raises:
        BenchError: nothing is left to compare, a limit has nothing to be held to, a tolerance is below the calibrated
            minimum, or a file is damaged.

    """
    started = datetime.now(UTC)
    every = summaries(run)
    there = (*every, *baseline.summaries)  # also what --cells leaves out
    rules = replace(rules, allowed=rules.allowed.among(summary.cell for summary in there))
    new, stored = _sides(run, every, baseline, rules.globs)
    table = configurations(run)
    absolute = _absolute(table)
    counted = bool(run.facts.plan.get("energy"))
    every_value = (values for cells in absolute.values() for values in cells.values())
    rules.allowed.check_budgets(_measured(every_value, counted=counted))
    rules.allowed.check_tolerances(_judgeable(there))
    shares, forced = _shares(new, rules)
    terms = {machine: Terms(rules.allowed, shares, values) for machine, values in absolute.items()}
    compared = screened(new, stored, terms)
    decision = Decision(
        kind="check",
        before=f"{named_in_decision(baseline.name)}({plural(len(baseline.runs()), 'run')})",
        after=f"run {run.name}{_revision(new)}",
        verdicts=compared.verdicts,
        machine=dict(new[0].machine.fields),
        notes=(*_notes(baseline, rules.allowed, new), *_flagged(table, new), *compared.notes, *forced),
        command=rules.command,
        record=str(run.folder),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )
    return Check(decision, _suspects(new, compared, shares), compared.falls)


def _sides(
    run: Run, every: Sequence[CellSummary], baseline: Baseline, globs: Sequence[str]
) -> tuple[list[CellSummary], list[CellSummary]]:
    """The readings of the run, and those of the accepted runs: without this very one, where others are left.

    Raises:
        BenchError: there are none of either.

    """
    every_cell = [summary.cell for summary in (*every, *baseline.summaries)]
    wanted = {cell.id for cell in (cells_meant(globs, every_cell) if globs else every_cell)}
    new = [summary for summary in every if summary.id in wanted]
    stored = [summary for summary in baseline.summaries if summary.id in wanted]
    if not new:
        raise BenchError(f"run '{run.name}' has no cell{' that matches ' + ' '.join(globs) if globs else ''} to check")
    if not stored:
        raise BenchError(
            f"baseline '{baseline.name}' is empty{' for these cells' if baseline.summaries else ''}: "
            f"accept a run with python -m bench baseline save RUN --name {baseline.name}"
        )
    return new, [summary for summary in stored if not _same(summary, new)] or stored


def _shares(new: Sequence[CellSummary], rules: CheckRules) -> tuple[dict[str, float], tuple[str, ...]]:
    """By cell, how much its cost may rise, and notes on that: a calibration of the machine may ask for more."""
    shares: dict[str, float] = {}
    notes: dict[str, None] = {}
    for summary in new:
        wanted = rules.allowed.stated(summary.id, "relative_cost")
        shares[summary.id], more = checked_tolerance(wanted, [summary.machine], uncalibrated=rules.uncalibrated)
        notes.update(dict.fromkeys(more))
    return shares, tuple(notes)


def _suspects(new: Sequence[CellSummary], compared: Screening, shares: Mapping[str, float]) -> dict[str, Suspect]:
    by_id = {summary.id: summary for summary in new}
    return {
        name: Suspect(by_id[name], anchor, shares[name], compared.latest[name])
        for name, anchor in compared.suspects.items()
    }


def _same(stored: CellSummary, new: Sequence[CellSummary]) -> bool:
    """Whether the stored reading is of the very run that is checked."""
    return (stored.run, stored.started) == (new[0].run, new[0].started)


def _absolute(table: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """By class of machines and configuration, the value of each metric."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for name, machine, rows in by_machine(table):
        measured = rows.dropna(subset=["metric"])
        values.setdefault(machine, {})[name] = dict(zip(measured["metric"], measured["value"], strict=True))
    return values


def _judgeable(every: Iterable[CellSummary]) -> dict[str, set[str]]:
    """By the id of each cell that ran, the metrics that a gate can judge."""
    metrics: dict[str, set[str]] = {}
    for summary in every:
        if summary.status == "ok":
            metrics.setdefault(summary.id, set()).update(summary.judgeable)
    return metrics


def _measured(every: Iterable[Mapping[str, float]], *, counted: bool) -> set[str]:
    """The metrics that the run measured; what a target took is one where it was aimed at, reached or not.

    Energy is among them where it was `counted`.
    """
    metrics = {metric for values in every for metric in values}
    aimed = named(lambda row: row.to_target and (counted or not row.on_request)) if "reached" in metrics else ()
    return metrics | set(aimed)


def _notes(baseline: Baseline, allowed: Tolerances, new: Sequence[CellSummary]) -> tuple[str, ...]:
    """What to know before trusting the decision."""
    notes = [baseline.problem] if baseline.problem else []
    unused = allowed.unused([*(summary.id for summary in new), *(summary.id for summary in baseline.summaries)])
    notes += [f"{allowed.place}: no cell matches '{glob}'" for glob in unused]
    if any(summary.dirty for summary in new):
        notes.append("the run's code had uncommitted changes")
    if any(_same(summary, new) for summary in baseline.summaries):
        others = any(not _same(summary, new) for summary in baseline.summaries)
        notes.append(f"this very run is in the baseline: it is compared with {'the others' if others else 'itself'}")
    return tuple(notes)


def _flagged(table: pd.DataFrame, new: Sequence[CellSummary]) -> tuple[str, ...]:
    """A note on the cells of the run that something speaks against."""
    flagged = flagged_cells(table, (summary.id for summary in new))
    return (f"flagged in this run: {joined(flagged)}",) if flagged else ()


def _revision(new: Sequence[CellSummary]) -> str:
    revision = next((summary.revision for summary in new if summary.revision), "")
    return f" ({revision[:10]})" if revision else ""
