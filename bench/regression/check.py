"""Check: a recorded run against a baseline, from the files to the decision; nothing is measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bench.compare.calibration import checked_tolerance
from bench.errors import BenchError
from bench.metrics import named
from bench.plan.cell import Cell
from bench.regression.confirm import Suspect
from bench.regression.screening import Comparison, Terms, compare
from bench.regression.tolerances import Tolerances
from bench.store.baseline import Baseline
from bench.store.frame import configurations
from bench.store.run import Run
from bench.store.summary import Reading, readings
from bench.text import plural
from bench.verdict.verdict import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """How to judge.

    Attributes:
        allowed: tolerances and budgets.
        globs: over cell ids; those that match none are left out on both sides. None of them: all cells.
        force: use a tolerance that the rehearsal has not shown to work.
        command: repeats the check.

    """

    allowed: Tolerances = field(default_factory=Tolerances)
    globs: tuple[str, ...] = ()
    force: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A decision from stored numbers, and by the cell's id what has to be measured again first."""

    decision: Decision
    suspects: dict[str, Suspect]


def check(run: Run, baseline: Baseline, rules: CheckRules) -> Check:
    """Judge the run.

    Raises:
        BenchError: nothing is left to compare, a tolerance is below what the rehearsal has shown, or a file is damaged.

    """
    started = datetime.now(UTC)
    every = readings(run)
    new, stored = _sides(run, every, baseline, rules.globs)
    absolute = _absolute(run)
    counts = {metric for reading in (*every, *baseline.readings) for metric in reading.counts}
    rules.allowed.check_measured(_measured(absolute), counts)
    shares, forced = _shares(new, rules)
    compared = compare(new, stored, Terms(rules.allowed, shares, absolute))
    decision = Decision(
        kind="check",
        before=f"baseline {baseline.name} ({plural(len(baseline.runs()), 'run')})",
        after=f"run {run.name}{_revision(new)}",
        verdicts=compared.verdicts,
        machine=dict(new[0].machine.fields),
        notes=(*_notes(baseline, rules.allowed, new), *compared.notes, *forced),
        command=rules.command,
        record=str(run.folder),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )
    return Check(decision, _suspects(new, compared, shares))


def _sides(
    run: Run, every: Sequence[Reading], baseline: Baseline, globs: Sequence[str]
) -> tuple[list[Reading], list[Reading]]:
    """The readings of the run, and those of the accepted runs: without this very one, where others are left.

    Raises:
        BenchError: there are none of either.

    """
    new = [reading for reading in every if _wanted(reading, globs)]
    stored = [reading for reading in baseline.readings if _wanted(reading, globs)]
    if not new:
        raise BenchError(f"run '{run.name}' has no cell{' that matches ' + ' '.join(globs) if globs else ''} to check")
    if not stored:
        raise BenchError(
            f"baseline '{baseline.name}' is empty{' for these cells' if baseline.readings else ''}: "
            f"accept a run with python -m bench baseline save RUN --name {baseline.name}"
        )
    return new, [reading for reading in stored if not _same(reading, new)] or stored


def _shares(new: Sequence[Reading], rules: CheckRules) -> tuple[dict[str, float], tuple[str, ...]]:
    """By cell, how much its cost may rise, and notes on that: a rehearsal of the machine may ask for more."""
    shares: dict[str, float] = {}
    notes: dict[str, None] = {}
    for reading in new:
        wanted = rules.allowed.given(reading.id, "relative_cost")
        shares[reading.id], more = checked_tolerance(wanted, [reading.machine], force=rules.force)
        notes.update(dict.fromkeys(more))
    return shares, tuple(notes)


def _suspects(new: Sequence[Reading], compared: Comparison, shares: Mapping[str, float]) -> dict[str, Suspect]:
    by_id = {reading.id: reading for reading in new}
    return {name: Suspect(by_id[name], old, shares[name]) for name, old in compared.suspects.items()}


def _wanted(reading: Reading, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(reading.id, glob) for glob in globs)


def _same(stored: Reading, new: Sequence[Reading]) -> bool:
    """Whether the stored reading is of the very run that is checked."""
    return (stored.run, stored.started) == (new[0].run, new[0].started)


def _absolute(run: Run) -> dict[str, dict[str, float]]:
    """By configuration, the value of each metric."""
    names: dict[str, str] = {}
    for line in run.heads():
        cell = Cell.from_dict(line["cell"])
        names[cell.id] = cell.configuration.id
    values: dict[str, dict[str, float]] = {}
    for row in configurations(run).dropna(subset=["metric"]).to_dict("records"):
        values.setdefault(names.get(row["id"], row["id"]), {})[row["metric"]] = row["value"]
    return values


def _measured(absolute: Mapping[str, Mapping[str, float]]) -> set[str]:
    """The metrics that the run measured; how long a target took is one where it was aimed at, reached or not."""
    metrics = {metric for values in absolute.values() for metric in values}
    return metrics | set(named(lambda row: row.to_target)) if "reached" in metrics else metrics


def _notes(baseline: Baseline, allowed: Tolerances, new: Sequence[Reading]) -> tuple[str, ...]:
    """What to know before trusting the decision."""
    notes = [baseline.problem] if baseline.problem else []
    unused = allowed.unused([*(reading.id for reading in new), *(reading.id for reading in baseline.readings)])
    notes += [f"{allowed.place}: no cell matches '{glob}'" for glob in unused]
    if any(reading.dirty for reading in new):
        notes.append("the run's code had uncommitted changes")
    if any(_same(reading, new) for reading in baseline.readings):
        others = any(not _same(reading, new) for reading in baseline.readings)
        notes.append(f"this very run is in the baseline: it is compared with {'the others' if others else 'itself'}")
    return tuple(notes)


def _revision(new: Sequence[Reading]) -> str:
    revision = next((reading.revision for reading in new if reading.revision), "")
    return f" ({revision[:10]})" if revision else ""
