"""Check: a recorded run against a baseline, from the files to the decision; nothing is measured here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bench.compare.calibration import checked_tolerance
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.regression.confirm import Suspect
from bench.regression.direct import counted
from bench.regression.screening import Comparison, compare
from bench.regression.tolerances import Tolerances
from bench.store.baseline import Baseline
from bench.store.frame import settings
from bench.store.run import Run
from bench.store.summary import Reading, readings
from bench.verdict.verdict import Decision


@dataclass(frozen=True, slots=True)
class Check:
    """A decision from stored numbers, and what has to be measured again before it is the last word."""

    decision: Decision
    suspects: dict[str, Suspect]


def check(
    run: Run,
    baseline: Baseline,
    allowed: Tolerances,
    globs: Sequence[str] = (),
    *,
    force: bool = False,
    command: str = "",
) -> Check:
    """Judge the run.

    Args:
        run: what is new.
        baseline: what was accepted.
        allowed: tolerances and budgets.
        globs: over cell ids; those that match none are left out on both sides. None of them: all cells.
        force: use a tolerance that the rehearsal has not shown to work.
        command: repeats it.

    Raises:
        BenchError: nothing is left to compare, a tolerance is below what the rehearsal has shown, or a file is damaged.

    """
    started = datetime.now(UTC)
    found = [one for one in readings(run) if _wanted(one, globs)]
    stored = [one for one in baseline.readings if _wanted(one, globs)]
    others = [one for one in stored if not _same(one, found)]
    if not found:
        raise BenchError(f"run '{run.name}' has no cell{' that matches ' + ' '.join(globs) if globs else ''} to check")
    if not stored:
        raise BenchError(
            f"baseline '{baseline.name}' is empty{' for these cells' if baseline.readings else ''}: "
            f"accept a run with python -m bench baseline save RUN --name {baseline.name}"
        )
    absolute = _absolute(run)
    metrics = {one["metric"] for line in run.heads() for one in line["measurements"]}
    allowed.check_names(metrics | {metric for one in stored for metric in one.counts})
    shares, told = _shares(found, allowed, force=force)
    compared = compare(found, others or stored, allowed, shares, absolute)
    decision = Decision(
        kind="check",
        before=f"baseline {baseline.name} ({counted(len(baseline.runs()), 'run')})",
        after=f"run {run.name}{_revision(found)}",
        verdicts=compared.verdicts,
        machine=dict(found[0].machine.fields),
        notes=(*_notes(baseline, allowed, found, compared), *told),
        command=command,
        record=str(run.folder),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )
    by_id = {one.id: one for one in found}
    suspects = {name: Suspect(by_id[name], old, shares[name]) for name, old in compared.suspects.items()}
    return Check(decision, suspects)


def _shares(found: Sequence[Reading], allowed: Tolerances, *, force: bool) -> tuple[dict[str, float], tuple[str, ...]]:
    """By cell, how much its cost may rise, and what to say of that: a rehearsal of the machine may ask for more."""
    shares: dict[str, float] = {}
    notes: dict[str, None] = {}
    for one in found:
        shares[one.id], told = checked_tolerance(allowed.given(one.id, "relative_cost"), [one.machine], force=force)
        notes.update(dict.fromkeys(told))
    return shares, tuple(notes)


def _wanted(reading: Reading, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(reading.id, glob) for glob in globs)


def _same(stored: Reading, found: Sequence[Reading]) -> bool:
    """Whether the stored reading is of the very run that is checked."""
    return (stored.run, stored.started) == (found[0].run, found[0].started)


def _absolute(run: Run) -> dict[str, dict[str, float]]:
    """By cell without its seed, the value of each metric; seeds are pooled."""
    names: dict[str, str] = {}
    for line in run.heads():
        cell = Cell.from_dict(line["cell"])
        names[cell.id] = replace(cell, seed=0).id
    found: dict[str, dict[str, float]] = {}
    for row in settings(run).dropna(subset=["metric"]).to_dict("records"):
        found.setdefault(names.get(row["id"], row["id"]), {})[row["metric"]] = row["value"]
    return found


def _notes(baseline: Baseline, allowed: Tolerances, found: Sequence[Reading], compared: Comparison) -> tuple[str, ...]:
    """What to know before trusting the decision."""
    notes = [baseline.problem] if baseline.problem else []
    unused = allowed.unused([*(one.id for one in found), *(one.id for one in baseline.readings)])
    notes += [f"{allowed.place}: no cell matches '{glob}'" for glob in unused]
    if any(one.dirty for one in found):
        notes.append("the run's code had uncommitted changes")
    if any(_same(one, found) for one in baseline.readings):
        others = any(not _same(one, found) for one in baseline.readings)
        notes.append(f"this very run is in the baseline: it is compared with {'the others' if others else 'itself'}")
    return (*notes, *compared.notes)


def _revision(found: Sequence[Reading]) -> str:
    revision = next((one.revision for one in found if one.revision), "")
    return f" ({revision[:10]})" if revision else ""
