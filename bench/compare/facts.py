"""Facts: what a comparison compares, where and how: the first line of its file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any

from msgspec import Meta

from bench import files
from bench.plan.cell import Cell
from bench.store.stored import Count, StoredCell
from bench.verdict.verdict import Verdict
from bench.vocabulary import PairMetric

Stored = Mapping[str, Any]
Tolerance = Annotated[float, Meta(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class SideFacts:
    """What one side is.

    Attributes:
        label: in words: "HEAD~1 (3fedea3)", a cell, an environment.
        revision: the full hash it is or is based on; "" where there is none.
        changes: files that differ from that revision.
        installed: of interpreters, and of settings that lead to other packages, the version of each package of this
            side, and its own.
        origin: which code a step of the user's own is: `text`, and `file` with its `sha256` or `package` with its
            `version`; empty for cells.

    """

    label: str
    revision: str = ""
    changes: tuple[str, ...] = ()
    installed: Mapping[str, str] = field(default_factory=dict)
    origin: Stored = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFacts:
    """What is compared, where and how: the first line.

    Attributes:
        before: the reference.
        after: what is compared with it.
        cells: by name, the cell of either side.
        metric: what is timed.
        tolerance: the slowdown, as a share, from which on a loss matters.
        blocks: blocks of each side in a pair.
        order_seed: draws who starts, and the order of cells and blocks.
        machine: the fields of the fingerprint.
        system: the facts of the machine, as a worker of `after` saw them.
        unmatched: verdicts on what only one side has, or has broken.
        same_costs: whether a rise of memory or counts fails.
        notes: what to know before trusting the outcome.
        command: repeats it; "" where none does.
        started: UTC time, ISO 8601.

    """

    before: SideFacts
    after: SideFacts
    cells: Mapping[str, tuple[Cell, Cell]]
    metric: PairMetric
    tolerance: Tolerance
    blocks: Count
    order_seed: int
    machine: Stored
    system: Stored
    unmatched: tuple[Verdict, ...] = ()
    same_costs: bool = False
    notes: tuple[str, ...] = ()
    command: str = ""
    started: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As stored."""
        return {"kind": "facts", **asdict(self), "unmatched": [verdict.to_dict() for verdict in self.unmatched]}

    @classmethod
    def from_dict(cls, stored: Stored) -> "ComparisonFacts":
        """The facts of a stored line.

        Raises:
            ValueError, KeyError: it is damaged.

        """
        for entry in fields(cls):
            if entry.name not in stored:
                raise KeyError(entry.name)
        files.check_shape(stored["cells"], dict[str, tuple[StoredCell, StoredCell]])
        cells = {
            name: (Cell.from_dict(before), Cell.from_dict(after)) for name, (before, after) in stored["cells"].items()
        }
        return replace(files.shaped({**stored, "cells": {}}, cls), cells=cells)
