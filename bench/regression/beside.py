"""Beside: the command that measures a cell beside the revision of an accepted run, as it can be typed here."""

from bench.plan.command import comparison_of
from bench.store.provenance import lacks
from bench.store.summary import CellSummary

SHORT = 10  # characters of a revision


def beside(new: CellSummary, old: CellSummary | None) -> str:
    """What to type, after ": "; "" where nothing can be, since no revision or no name is known of the cell.

    Where this clone lacks the older revision, how to fetch it comes first.
    """
    if old is None or not old.revision:
        return ""
    revisions = [old.revision[:SHORT]]
    if new.revision and not new.dirty and new.revision != old.revision:
        revisions.append(new.revision[:SHORT])
    command = comparison_of(new.cell, revisions, new.machine.fields.get("threads"))
    if not command:
        return ""
    fetch = f"git fetch origin {old.revision} && " if lacks(old.revision) else ""
    return f": {fetch}{command}"
