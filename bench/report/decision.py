"""The check of a run, as its page shows it: the decision against a baseline, from the file that `check` left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Required, TypedDict

from bench import files
from bench.errors import BenchError
from bench.report.record import Record
from bench.store.run import Run
from bench.text import change
from bench.verdict.stored import AGAIN, stored_check
from bench.verdict.verdict import CHECK_FILE, Verdict, label_of

STATES = {"regression": "bad", "pass": "ok"}


class StoredCheck(TypedDict, total=False):
    """What is read of the file that `check` left."""

    overall: Required[str]
    verdicts: Required[list[Verdict]]
    before: str
    command: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One cell and metric: its verdict, the change in words, and why."""

    cell: str
    metric: str
    verdict: str
    state: str
    change: str
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The decision: what it was made against, what came of it, and each verdict, those that ask for something first."""

    overall: str
    state: str
    before: str
    command: str
    rows: tuple[Judged, ...]
    notes: tuple[str, ...]


def check_of(run: Run) -> dict[str, Any]:
    """What `check` left beside the run's results; empty where it was never made, and why it cannot be read otherwise.

    The page is of the run, and a check can be made again: one that cannot be read costs nothing else.
    """
    try:
        stored = stored_check(run.folder)
        if stored is None:
            return {}
        with files.damage_told(str(run.folder / CHECK_FILE), AGAIN):
            files.check_shape(stored, StoredCheck)
    except BenchError as error:
        return {"unreadable": str(error)}
    return stored


def checked(record: Record) -> Checked | None:
    """The check of the run, or None where it was never made."""
    check = record.check
    if "verdicts" not in check:
        return None
    rows = [_judged(verdict) for verdict in check["verdicts"]]
    order = {"bad": 0, "other": 1, "ok": 2}
    return Checked(
        overall=str(check["overall"]),
        state=STATES.get(str(check["overall"]), "other"),
        before=str(check.get("before", "")),
        command=str(check.get("command", "")),
        rows=tuple(sorted(rows, key=lambda row: order[row.state])),
        notes=tuple(str(note) for note in check.get("notes") or ()),
    )


def summary(record: Record) -> dict[str, str] | None:
    """What the index says of it."""
    check = checked(record)
    return {"overall": check.overall, "before": check.before} if check else None


def _judged(stored: Mapping[str, Any]) -> Judged:
    verdict = str(stored.get("verdict"))
    state = {"regressed": "bad", "failed": "bad", "unchanged": "ok", "improved": "ok", "new": "ok"}.get(
        verdict, "other"
    )
    why = [str(stored.get(key) or "") for key in ("reason", "remedy")]
    return Judged(
        cell=str(stored.get("cell")),
        metric=label_of(str(stored.get("metric")).replace("_", " "), limit=stored.get("limit") is True),
        verdict=verdict,
        state=state,
        change=_change(stored.get("ratio")),
        reason="; ".join(part for part in why if part),
        evidence=tuple(str(line) for line in stored.get("evidence") or ()),
    )


def _change(ratio: Any) -> str:
    """The change as a percentage with its interval."""
    if not isinstance(ratio, dict) or not isinstance(ratio.get("value"), int | float):
        return "-"
    low, high = (end if isinstance(end := ratio.get(name), int | float) else None for name in ("low", "high"))
    return change(ratio["value"], low, high)
