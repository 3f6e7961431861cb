"""Comparison log: the raw numbers of a comparison, appended line by line as they come, and read back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

from bench import files
from bench.compare.facts import ComparisonFacts
from bench.compare.records import (
    CountsRecord,
    EndRecord,
    FailureRecord,
    MemoryRecord,
    PairRecord,
    Record,
    SamenessRecord,
    from_line,
    to_line,
)
from bench.errors import BenchError
from bench.store.run import COMPARISONS
from bench.vocabulary import Ending, PairQuantile, SideName

SCHEMA = 3
FOLDER = COMPARISONS
COMPARE_AGAIN = "without it the rest means nothing, so compare again"


@dataclass(slots=True)
class CellLog:
    """The records of one cell.

    Attributes:
        cell: its name in the comparison.
        pairs: by run, 1 and 2, its pairs.
        counts: exact counts of both sides, None where one could not be counted.
        memory: the peaks of memory of both sides, a second reading where the first had risen.
        sameness: whether both sides compute the same, None where they were not asked.
        failed: by side, why it cannot be measured.

    """

    cell: str
    pairs: dict[int, list[PairRecord]] = field(default_factory=lambda: {1: [], 2: []})
    counts: CountsRecord | None = None
    memory: list[MemoryRecord] = field(default_factory=list)
    sameness: SamenessRecord | None = None
    failed: dict[SideName, str] = field(default_factory=dict)

    def log_ratios(self, run: int) -> list[float]:
        """The log ratios of a run."""
        return [pair.log_ratio for pair in self.pairs[run]]

    def cycle_log_ratios(self, run: int) -> list[float]:
        """The log ratios of a run in cycles of the GPU's clock; none where it is not known of every pair."""
        known = [ratio for pair in self.pairs[run] if (ratio := pair.log_ratio_of_cycles) is not None]
        return known if len(known) == len(self.pairs[run]) else []

    def starts(self, run: int) -> list[int]:
        """The side that started first in each pair of a run."""
        return [pair.started_first for pair in self.pairs[run]]

    @property
    def every_pair(self) -> list[PairRecord]:
        """The pairs of both runs."""
        return [*self.pairs[1], *self.pairs[2]]

    @property
    def statistic(self) -> PairQuantile | None:
        """The quantile of the steps that the log ratios are of; None before the first pair."""
        return next((pair.statistic for pair in self.every_pair), None)


class ComparisonLog:
    """The facts of a comparison and a log for each cell.

    Args:
        path: the file; its folder is made. None keeps nothing on disk.
        facts: the first line.

    """

    def __init__(self, path: Path | None, facts: ComparisonFacts) -> None:
        self.path = path
        self.facts = facts
        self.cell_logs = {cell: CellLog(cell) for cell in facts.cells}
        self.ended: Ending = ""
        self.seconds = 0.0
        if path is not None:
            files.make_folder(path.parent)
            if path.exists():
                raise BenchError(f"{path} exists already: another comparison writes to it, or has; try again")
            self._append({"schema": SCHEMA, **facts.to_dict()})

    def note(self, record: Record) -> None:
        """Add one record, in memory and on disk.

        Args:
            record: counts, sameness, a failure, a pair, or the end of the comparison.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        self._take(record)
        if self.path is not None:
            self._append(to_line(record))

    @classmethod
    def load(cls, path: Path) -> "ComparisonLog":
        """The log of an earlier comparison; a last line that was cut off is passed over.

        Raises:
            BenchError: there is no such file, or it is damaged, or of another schema.

        """
        lines = list(files.read_lines(path, f"records of comparisons are in {FOLDER}/"))
        if not lines:
            raise BenchError(f"{path} holds no whole line: nothing was recorded in it")
        log = cls(None, _facts(lines[0], path))
        for line in lines[1:]:
            with files.damage_told(line.place, files.REMOVE_LINE):
                log._take(from_line(files.parsed(line, files.REMOVE_LINE)))
        log.path = path
        return log

    def _take(self, record: Record) -> None:
        if isinstance(record, EndRecord):
            self.ended, self.seconds = record.ended, record.seconds
            return
        cell_log = self.cell_logs[record.cell]
        match record:
            case PairRecord():
                cell_log.pairs[record.run].append(record)
            case CountsRecord():
                cell_log.counts = record
            case MemoryRecord():
                cell_log.memory.append(record)
            case SamenessRecord():
                cell_log.sameness = record
            case FailureRecord():
                cell_log.failed[record.side] = record.reason
            case _:
                assert_never(record)

    def _append(self, line: dict[str, Any]) -> None:
        assert self.path is not None
        files.append_line(self.path, files.json_line(line))


def _facts(line: files.Line, path: Path) -> ComparisonFacts:
    """What the first line says."""
    stored = files.parsed(line, COMPARE_AGAIN)
    files.check_schema(stored.get("schema"), SCHEMA, str(path), "decide on it with the version that wrote it")
    with files.damage_told(line.place, COMPARE_AGAIN):
        return ComparisonFacts.from_dict(stored)
