"""Flags: what speaks against the numbers of a cell: each kind of warning, and in how many of its processes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.text import beyond, percent

SEPARATOR = "; "


@dataclass(slots=True)
class Flags:
    """The warnings of a cell's processes, noted line by line."""

    processes: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)

    def note(self, line: Mapping[str, Any]) -> None:
        """Take in a stored line; one that was skipped is of no process."""
        self.processes += line["status"] != "skipped"
        self._kinds.update(list(dict.fromkeys(warning["kind"] for warning in line.get("warnings", ()))))

    def __str__(self) -> str:
        """Such as "contended 6 of 6; not steady 1 of 6"; "" where there is none."""
        return SEPARATOR.join(f"{kind} {count} of {self.processes}" for kind, count in self._kinds.items())


def missed(half_width: float | None, target: float | None) -> str:
    """The flag of a relative cost that is less certain than was asked for; "" where it is as certain.

    Args:
        half_width: of its interval, as a share; None where there is none.
        target: the half-width that the plan asks for; None for none.

    """
    if half_width is None or target is None or not half_width > target:
        return ""
    alike = percent(half_width) == percent(target)  # then its own column seems to meet it
    return f"target {percent(target)} not met" + f": {beyond(half_width, target)}" * alike


def joined(flags: Iterable[str]) -> str | None:
    """Several flags in one text; None where none of them says anything."""
    return SEPARATOR.join(filter(None, flags)) or None
