"""A run's folder: run.json and results.jsonl, written as the run goes and read back once."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.store.result import SCHEMA, Result, parse_line

RESULTS, REPORTS = Path("results"), Path("reports")
RESERVED = ("ab", "baselines", "rehearsals")  # folders of results/ that hold no run


@dataclass(slots=True)
class Run:
    """One recorded run: its folder and the facts of run.json (plan, system, versions, git, command, seed).

    The file of results is read once, when its lines are first asked for; what is appended after that is kept too.
    Whoever changes the file in another way reads it with a new Run.
    """

    folder: Path
    facts: dict[str, Any]
    _bytes: list[bytes] | None = field(default=None, repr=False, compare=False)  # whole lines as they stand in the file
    _heads: list[dict[str, Any]] | None = field(default=None, repr=False, compare=False)  # the same without the bulk

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    def traces(self) -> list[Path]:
        """The files of the profiles, in the order of their cells' names."""
        return sorted((self.folder / "traces").glob("*/*.pt.trace.json*"))

    def lines(self) -> Iterator[dict[str, Any]]:
        """Each line of results.jsonl as plain data, the caller's to change; a last line that was cut off is left out.

        Trials of learning rates are passed over, for they are no results; `facts["tuned"]` sums them up.

        Raises:
            BenchError: a line in the middle is damaged, or is of a newer schema, or there is no such file.

        """
        return self._results_among(self._every_line())

    def heads(self) -> Iterator[dict[str, Any]]:
        """The head of each line, up to the measurements, without samples: many times faster. Not to be changed: shared.

        Raises:
            BenchError: as of `lines`.

        """
        if self._heads is None:
            self._heads = list(self._every_line(whole=False))
        return self._results_among(self._heads)

    def _results_among(self, lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The lines that are no trials."""
        tuned = bool(self.facts.get("plan", {}).get("tune"))
        return (line for line in lines if not (tuned and line["cell"].get("split") == "validation"))

    def _every_line(self, whole: bool = True) -> Iterator[dict[str, Any]]:
        """The same with the trials."""
        for number, line in enumerate(self._read(), 1):
            yield _parsed(line, whole, f"{self._path} line {number}")

    @property
    def _path(self) -> Path:
        return self.folder / "results.jsonl"

    def _read(self) -> list[bytes]:
        """The whole lines of the file, read the first time; one that the run was killed while writing is none."""
        if self._bytes is None:
            try:
                with self._path.open("rb") as file:
                    self._bytes = [line for line in file if line.endswith(b"\n")]
            except OSError as error:
                raise BenchError(
                    f"cannot read {self._path}: {error.strerror}; restore the file or remove the folder"
                ) from error
        return self._bytes

    def results(self) -> list[Result]:
        """Each line as a Result, samples decoded; trials too."""
        return [Result.from_dict(line) for line in self._every_line()]

    def reopen(self, again: Collection[str] = ("skipped",)) -> None:
        """Make the results ready for what is still missing.

        A last line that was never finished goes, so that the next begins on its own; so do the lines of the statuses
        `again`, since the turn of these cells may come now. The file is replaced in one move.

        Raises:
            BenchError: a line is damaged.

        """
        statuses = [line["status"] for line in self._every_line(whole=False)]
        kept = [line for line, status in zip(self._read(), statuses, strict=True) if status not in again]
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(b"".join(kept))
        fresh.replace(self._path)
        self._bytes, self._heads = kept, None

    def append(self, result: Result) -> None:
        """Write one result as one line, and see it on the disk before going on.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        line = (result.to_line() + "\n").encode()
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise BenchError(f"cannot write {self._path}: {error.strerror}; the lines before are kept") from error
        if self._bytes is not None:
            self._bytes.append(line)
        self._heads = None

    def note(self, **facts: Any) -> None:
        """Add facts to run.json; the file is replaced in one move, so that it is never seen half written."""
        self.facts.update(facts)
        fresh = self.folder / "run.json.new"
        fresh.write_text(json.dumps(self.facts, indent=1) + "\n", "utf-8")
        fresh.replace(self.folder / "run.json")


def create(name: str, facts: dict[str, Any], root: Path = RESULTS) -> Run:
    """A new run's folder under `root`.

    Raises:
        BenchError: the name cannot be a folder's, exists already, or the folder cannot be written.

    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) or name in RESERVED:
        raise BenchError(f"'{name}' cannot name a run: use letters, digits, '.', '_' and '-' (--run NAME)")
    run = Run(root / name, {"schema": SCHEMA, "run": name, **facts})
    try:
        run.folder.mkdir(parents=True)
        (run.folder / "results.jsonl").touch()
        run.note()
    except FileExistsError as error:
        raise BenchError(f"{error.filename} exists already: choose another name with --run NAME") from error
    except OSError as error:
        raise BenchError(
            f"cannot write to {run.folder}: {error.strerror}; run from a folder you may write to"
        ) from error
    return run


def load(name: str, root: Path = RESULTS) -> Run:
    """The recorded run `name`, which may also be the path of its folder.

    Raises:
        BenchError: there is no such run, or its run.json is damaged.

    """
    folder = Path(name) if (Path(name) / "run.json").is_file() else root / name
    try:
        facts = _object((folder / "run.json").read_text("utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(run_names(root)[-3:]) or "there is none yet: python -m bench run"
        raise BenchError(f"no run '{name}' in {root}/ (latest: {known})") from error
    except (OSError, ValueError) as error:
        raise BenchError(
            f"{folder / 'run.json'} is damaged ({error}): remove the folder or restore the file"
        ) from error
    return Run(folder, facts)


def run_names(root: Path = RESULTS) -> list[str]:
    """The names of all recorded runs, oldest first."""
    folders = [path.parent for path in root.glob("*/run.json")]
    return [folder.name for folder in sorted(folders, key=lambda folder: (folder.stat().st_mtime, folder.name))]


def _object(text: str) -> dict[str, Any]:
    """The JSON object of the text; ValueError for any other JSON."""
    parsed = json.loads(text)
    if not isinstance(parsed, dict):
        raise ValueError("it holds no object")  # noqa: TRY004 - as json does for a text it cannot read
    return parsed


def _parsed(line: bytes, whole: bool, place: str) -> dict[str, Any]:
    """One line as plain data, its schema checked."""
    try:
        stored = parse_line(line, whole)
        schema = stored["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{place} is damaged ({error}): remove that line to read the rest") from error
    if schema != SCHEMA:
        raise BenchError(f"{place} has schema {schema}, this version reads {SCHEMA}: read it with the version it is of")
    return stored
