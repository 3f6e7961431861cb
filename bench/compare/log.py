"""Ledger: the raw numbers of a comparison, appended line by line as they are found, and read back."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

from bench.compare.facts import ComparisonFacts
from bench.compare.records import (
    CountsRecord,
    EndRecord,
    FailureRecord,
    PairRecord,
    Record,
    from_line,
    to_line,
)
from bench.errors import BenchError
from bench.store.run import RESULTS
from bench.vocabulary import Ending, PairQuantile, SideName

SCHEMA = 2
FOLDER = RESULTS / "ab"


@dataclass(slots=True)
class Story:
    """What is known of one cell.

    Attributes:
        cell: its name in the comparison.
        pairs: by run, 1 and 2, its pairs.
        counts: exact counts of both sides, None where one could not be counted.
        failed: by side, why it cannot be measured.

    """

    cell: str
    pairs: dict[int, list[PairRecord]] = field(default_factory=lambda: {1: [], 2: []})
    counts: CountsRecord | None = None
    failed: dict[SideName, str] = field(default_factory=dict)

    def logs(self, run: int) -> list[float]:
        """The log ratios of a run."""
        return [pair.log_ratio for pair in self.pairs[run]]

    @property
    def every_pair(self) -> list[PairRecord]:
        """The pairs of both runs."""
        return [*self.pairs[1], *self.pairs[2]]

    @property
    def statistic(self) -> PairQuantile | None:
        """The quantile of the steps that the log ratios are of; None before the first pair."""
        return next((pair.statistic for pair in self.every_pair), None)


class Ledger:
    """The facts of a comparison and a story for each cell.

    Args:
        path: the file; its folder is made. None keeps nothing on disk.
        facts: the first line.

    """

    def __init__(self, path: Path | None, facts: ComparisonFacts) -> None:
        self.path = path
        self.facts = facts
        self.stories = {cell: Story(cell) for cell in facts.cells}
        self.ended: Ending = ""
        self.seconds = 0.0
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(path, error) from error
            if path.exists():
                raise BenchError(f"{path} exists already: another comparison writes to it, or has; try again")
            self._append({"schema": SCHEMA, **facts.to_dict()})

    def note(self, record: Record) -> None:
        """Take in one record and write it down.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        self._take(record)
        if self.path is not None:
            self._append(to_line(record))

    @classmethod
    def load(cls, path: Path) -> "Ledger":
        """A ledger that was written before; a last line that was cut off is passed over.

        Raises:
            BenchError: there is no such file, or it is damaged, or of another schema.

        """
        try:
            lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        except OSError as error:
            raise BenchError(
                f"cannot read {path}: {error.strerror}; records of comparisons are in {FOLDER}/"
            ) from error
        if not lines:
            raise BenchError(f"{path} holds no whole line: nothing was recorded in it")
        ledger = cls(None, _facts(lines[0], path))
        for number, line in enumerate(lines[1:], 2):
            place = f"{path} line {number}"
            with _damage_named(place, "remove it to read the rest"):
                ledger._take(from_line(_parsed(line, place)))
        ledger.path = path
        return ledger

    def _take(self, record: Record) -> None:
        if isinstance(record, EndRecord):
            self.ended, self.seconds = record.ended, record.seconds
            return
        story = self.stories[record.cell]
        match record:
            case PairRecord():
                story.pairs[record.run].append(record)
            case CountsRecord():
                story.counts = record
            case FailureRecord():
                story.failed[record.side] = record.reason
            case _:
                assert_never(record)

    def _append(self, line: dict[str, Any]) -> None:
        assert self.path is not None
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _facts(line: bytes, path: Path) -> ComparisonFacts:
    """What the first line says."""
    stored = _parsed(line, f"{path} line 1")
    if (schema := stored.get("schema")) != SCHEMA:
        raise BenchError(
            f"{path} has schema {schema}, this version reads {SCHEMA}: decide on it with the version that wrote it"
        )
    with _damage_named(f"{path} line 1", "without it the rest means nothing, so compare again"):
        return ComparisonFacts.from_dict(stored)


@contextmanager
def _damage_named(place: str, remedy: str) -> Iterator[None]:
    """Turn what reading a damaged record raises into one plain error."""
    try:
        yield
    except KeyError as error:
        raise BenchError(f"{place} is damaged: there is no {error}; {remedy}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise BenchError(f"{place} is damaged: {error}; {remedy}") from error


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    """The object in one line."""
    try:
        parsed = json.loads(line)
    except ValueError as error:
        raise BenchError(f"{place} is damaged ({error}): remove it to read the rest") from error
    if not isinstance(parsed, dict):
        raise BenchError(f"{place} is damaged: it holds no object; remove it to read the rest")
    return parsed


def _unwritable(path: Path, error: OSError) -> BenchError:
    return BenchError(f"cannot write {path}: {error.strerror}; run from a folder you may write to")
