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
        old: what the latest accepted run that it compares with says.
        tolerance: the slowdown, as a share, from which on a loss matters.

    """

    new: CellSummary
    old: CellSummary
    tolerance: float


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
        """The revision of the baseline."""
        return self.suspects[0].old.revision

    @property
    def hopeless(self) -> str:
        """Why an A/B comparison cannot tell anything; "" where it can."""
        old, new = self.suspects[0].old, self.suspects[0].new
        if not old.revision:
            return "the baseline does not know the revision it was measured at"
        if old.revision == new.revision and not old.dirty and not new.dirty:
            return "both are the same revision, so no change of the code made it slower; repeat it on a quiet machine"
        return ""


def grouped(suspects: Iterable[Suspect]) -> Iterator[Group]:
    """The suspects, those together that differ in their architecture alone."""
    groups: dict[tuple[Any, ...], list[Suspect]] = {}
    for suspect in suspects:
        old, new = suspect.old, suspect.new
        cell = replace(new.cell, architecture="")
        key = (cell, old.revision, new.revision, new.dirty, suspect.tolerance, new.machine.digest)
        groups.setdefault(key, []).append(suspect)
    yield from map(Group, groups.values())
