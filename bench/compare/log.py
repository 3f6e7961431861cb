"""Ledger: the raw numbers of a comparison, appended line by line as they are found, and read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.store.run import COMPARISONS

SCHEMA = 1
FOLDER = COMPARISONS


@dataclass(slots=True)
class Story:
    """What is known of one cell.

    Attributes:
        cell: its name in the comparison.
        pairs: by run, 1 and 2, its pairs: log_ratio, before and after (seconds), phases, quantiles, and more.
        counts: exact counts of both sides, None for a side that could not be counted.
        failed: by side, "before" or "after", why it cannot be measured.

    """

    cell: str
    pairs: dict[int, list[Mapping[str, Any]]] = field(default_factory=lambda: {1: [], 2: []})
    counts: tuple[Mapping[str, float], Mapping[str, float]] | None = None
    failed: dict[str, str] = field(default_factory=dict)

    def logs(self, run: int) -> list[float]:
        """The log ratios of a run."""
        return [pair["log_ratio"] for pair in self.pairs[run]]

    @property
    def statistic(self) -> str:
        """The quantile of the steps that the log ratios are of; "" before the first pair."""
        return next((str(pair.get("statistic", "p25")) for run in (1, 2) for pair in self.pairs[run]), "")


class Ledger:
    """The facts of a comparison and a story for each cell.

    Args:
        path: the file; its folder is made. None keeps nothing on disk.
        facts: what was compared, where and how: the first line.

    """

    def __init__(self, path: Path | None, facts: Mapping[str, Any]) -> None:
        self.path = path
        self.facts = dict(facts)
        self.stories = {cell: Story(cell) for cell in self.facts["cells"]}
        self.ended = ""
        self.seconds = 0.0
        if path is not None:
            files.make_folder(path.parent)
            if path.exists():
                raise BenchError(f"{path} exists already: another comparison writes to it, or has; try again")
            self._append({"schema": SCHEMA, **self.facts})

    def note(self, line: Mapping[str, Any]) -> None:
        """Take in one line and write it down.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        self._take(line)
        if self.path is not None:
            self._append(line)

    @classmethod
    def load(cls, path: Path) -> "Ledger":
        """A ledger that was written before; a last line that was cut off is passed over.

        Raises:
            BenchError: there is no such file, or it is damaged, or of another schema.

        """
        lines = list(files.read_lines(path, f"records of comparisons are in {FOLDER}/"))
        if not lines:
            raise BenchError(f"{path} holds no whole line: nothing was recorded in it")
        facts = files.parsed(lines[0], files.REMOVE_LINE)
        if (schema := facts.pop("schema", None)) != SCHEMA:
            raise BenchError(f"{path} has schema {schema}, this version reads {SCHEMA}")
        ledger = cls(None, facts)
        for line in lines[1:]:
            with files.damage_told(line.place, files.REMOVE_LINE):
                ledger._take(files.parsed(line, files.REMOVE_LINE))
        ledger.path = path
        return ledger

    def _take(self, line: Mapping[str, Any]) -> None:
        if "ended" in line:
            self.ended, self.seconds = line["ended"], line["seconds"]
        elif "pair" in line:
            self.stories[line["cell"]].pairs[line["run"]].append(line["pair"])
        elif "counts" in line:
            self.stories[line["cell"]].counts = (line["counts"]["before"], line["counts"]["after"])
        elif "failed" in line:
            self.stories[line["cell"]].failed.update(line["failed"])

    def _append(self, line: Mapping[str, Any]) -> None:
        assert self.path is not None
        files.append_line(self.path, json.dumps(line, separators=(",", ":")))
