"""Confirm: cells that stored numbers call slower, and which of them one comparison can measure again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.store.summary import CellSummary


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cell to be measured again.

    Attributes:
        new: what the run says of it.
        old: what the accepted run that it is measured beside says: its anchor.
        tolerance: the slowdown, as a share, from which on a loss matters.
        latest: what the last accepted run says, to be measured beside where the anchor cannot be; None where it was.

    """

    new: CellSummary
    old: CellSummary
    tolerance: float
    latest: CellSummary | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Suspects that one grid holds: alike but for their architecture."""

    suspects: Sequence[Suspect]

    @property
    def names(self) -> str:
        """The ids of its cells."""
        return ", ".join(suspect.new.id for suspect in self.suspects)

    @property
    def reference(self) -> str:
        """The revision that it is measured beside."""
        return self.suspects[0].old.revision

    @property
    def beside_latest(self) -> "Group | None":
        """The same suspects beside the last accepted run; None where that is the same code."""
        first = self.suspects[0]
        if first.latest is None or first.latest.revision in ("", first.old.revision):
            return None
        return Group([replace(suspect, old=suspect.latest, latest=None) for suspect in self.suspects if suspect.latest])

    @property
    def is_same_code(self) -> bool:
        """Whether both sides are the same revision, without changes."""
        old, new = self.suspects[0].old, self.suspects[0].new
        return old.revision == new.revision != "" and not old.dirty and not new.dirty

    @property
    def hopeless(self) -> str:
        """Why an A/B comparison cannot tell anything; "" where it can."""
        if not self.reference:
            return "the baseline does not know the revision it was measured at"
        if self.is_same_code:
            return "both are the same revision, so no change of the code made it slower; repeat it on a quiet machine"
        return ""


def grouped(suspects: Iterable[Suspect]) -> Iterator[Group]:
    """The suspects, those together that differ in their architecture alone."""
    groups: dict[tuple[Any, ...], list[Suspect]] = {}
    for suspect in suspects:
        old, new = suspect.old, suspect.new
        cell = replace(new.cell, architecture="")
        latest = suspect.latest.revision if suspect.latest else ""
        sides = (old.revision, old.dirty, latest, new.revision, new.dirty)
        key = (cell, *sides, suspect.tolerance, new.machine.digest)
        groups.setdefault(key, []).append(suspect)
    yield from map(Group, groups.values())
