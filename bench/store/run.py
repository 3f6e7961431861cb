"""A run's folder: run.json and results.jsonl, written as the run goes and read back whole."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.store.facts import RunFacts
from bench.store.result import SCHEMA, Result, parse_line

RESULTS, REPORTS = Path("results"), Path("reports")
COMPARISONS, BASELINES, REHEARSALS = RESULTS / "ab", RESULTS / "baselines", RESULTS / "rehearsals"
RESERVED = tuple(folder.name for folder in (COMPARISONS, BASELINES, REHEARSALS))  # these hold no run
_DAMAGED = "remove the folder or restore the file"


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded run: its folder, and run.json as it is stored."""

    folder: Path
    stored: dict[str, Any]

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @property
    def facts(self) -> RunFacts:
        """What run.json says."""
        return RunFacts.from_dict(self.stored)

    def traces(self) -> list[Path]:
        """The files of the profiles, in the order of their cells' names."""
        return sorted((self.folder / "traces").glob("*/*.pt.trace.json*"))

    def lines(self, whole: bool = True) -> Iterator[dict[str, Any]]:
        """Each line of results.jsonl as plain data; a last line that was cut off is passed over.

        Not `whole`, it ends with the measurements, without samples: many times faster. Trials of learning rates are
        passed over, for they are no results; `facts.tuned` sums them up.

        Raises:
            BenchError: a line in the middle is damaged or of another schema, or there is no such file.

        """
        tuned = bool(self.facts.plan.get("tune"))
        for line in self._every_line(whole):
            if not (tuned and line["cell"].get("split") == "validation"):
                yield line

    def _every_line(self, whole: bool = True) -> Iterator[dict[str, Any]]:
        """The same with the trials."""
        path = self.folder / "results.jsonl"
        for line in files.read_lines(path, _DAMAGED):
            yield _parsed(line, whole)

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
        path = self.folder / "results.jsonl"
        lines = files.read_lines(path, _DAMAGED)
        kept = [line.text for line in lines if _parsed(line, whole=False)["status"] not in again]
        files.replace(path, b"".join(kept))

    def append(self, result: Result) -> None:
        """Write one result as one line, and see it on the disk before going on.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        files.append_line(self.folder / "results.jsonl", result.to_line())

    def note(self, **facts: Any) -> None:
        """Add facts to run.json; the file is replaced in one move, so that it is never seen half written.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        self.stored.update(facts)
        files.replace(self.folder / "run.json", files.document(self.stored), "the results before are kept")


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
    except FileExistsError as error:
        raise BenchError(f"{error.filename} exists already: choose another name with --run NAME") from error
    except OSError as error:
        raise BenchError(f"cannot write to {run.folder}: {error.strerror}; {files.ELSEWHERE}") from error
    run.note()
    return run


def load(name: str, root: Path = RESULTS) -> Run:
    """The recorded run `name`, which may also be the path of its folder.

    Raises:
        BenchError: there is no such run, or its run.json is damaged or of another schema.

    """
    folder = Path(name) if (Path(name) / "run.json").is_file() else root / name
    try:
        stored = files.read_object(folder / "run.json", _DAMAGED)
    except FileNotFoundError as error:
        known = ", ".join(run_names(root)[-3:]) or "there is none yet: python -m bench run"
        raise BenchError(f"no run '{name}' in {root}/ (latest: {known})") from error
    _check_schema(stored.get("schema"), str(folder / "run.json"))
    return Run(folder, stored)


def load_each(root: Path = RESULTS) -> tuple[list[Run], list[BenchError]]:
    """The recorded runs, oldest first, and why others cannot be read: one of them never hides the rest."""
    runs, errors = [], []
    for name in run_names(root):
        try:
            runs.append(load(name, root))
        except BenchError as error:
            errors.append(error)
    return runs, errors


def run_names(root: Path = RESULTS) -> list[str]:
    """The names of all recorded runs, oldest first."""
    found = sorted(root.glob("*/run.json"), key=lambda path: (path.parent.stat().st_mtime, path.parent.name))
    return [path.parent.name for path in found]


def _parsed(line: files.Line, whole: bool) -> dict[str, Any]:
    """One line as plain data, its schema checked."""
    with files.damage_told(line.place, files.REMOVE_LINE):
        stored = parse_line(line.text, whole)
        schema = stored["schema"]
    _check_schema(schema, line.place)
    return stored


def _check_schema(schema: object, place: str) -> None:
    if schema != SCHEMA:
        raise BenchError(
            f"{place} has schema {schema}, this version reads {SCHEMA}: read it with the version it is of, or measure "
            "again"
        )
