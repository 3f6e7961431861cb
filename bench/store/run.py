"""A run's folder: run.json and results.jsonl, written as the run goes and read back once."""

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from bench import files
from bench.errors import BenchError
from bench.plan.matching import matches
from bench.store.facts import RunFacts
from bench.store.fingerprint import machine_of, of_result
from bench.store.result import SCHEMA, Result
from bench.store.run_document import RunDocument
from bench.store.stored import parse_line
from bench.text import joined

RESULTS, REPORTS = Path("results"), Path("reports")
COMPARISONS, BASELINES, CALIBRATIONS = RESULTS / "ab", RESULTS / "baselines", RESULTS / "calibrations"
PUBLISHED = RESULTS / "published"
RESERVED = tuple(folder.name for folder in (COMPARISONS, BASELINES, CALIBRATIONS, PUBLISHED))  # these hold no run
FACTS, RESULTS_FILE = "run.json", "results.jsonl"  # in a run's folder
_DAMAGED = "remove the folder or restore the file"
_OTHER_SCHEMA = "read it with the version it is of, or measure again"
_KEPT = "the results before are kept"


@dataclass(slots=True)
class Run:
    """One recorded run: its folder, and run.json as it is stored.

    The file of results is read once, when its lines are first asked for; what is appended after that is kept too.
    Whoever changes the file in another way reads it with a new Run.
    """

    folder: Path
    stored: dict[str, Any]
    _lines: list[files.Line] | None = field(default=None, repr=False, compare=False)  # whole ones, as they stand there
    _heads: list[dict[str, Any]] | None = field(default=None, repr=False, compare=False)  # the same without the bulk

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

    def lines(self) -> Iterator[dict[str, Any]]:
        """Each line of results.jsonl as plain data, the caller's to change; a last line that was cut off is left out.

        Trials of learning rates are passed over, for they are no results; `facts.tuned` sums them up. Of a process that
        stands there twice, as in files that were joined, the last line counts.

        Raises:
            BenchError: a line in the middle is damaged or of another schema, or there is no such file.

        """
        counting = self._counting()
        return (line for number, line in enumerate(self._every_line()) if number in counting)

    def heads(self) -> Iterator[dict[str, Any]]:
        """The head of each line, up to the measurements, without samples: many times faster. Not to be changed: shared.

        Raises:
            BenchError: as of `lines`.

        """
        counting = self._counting()
        return (head for number, head in enumerate(self.every_head()) if number in counting)

    def _counting(self) -> set[int]:
        """The numbers of the lines that are results: no trials, and each process once."""
        tuned = bool(self.facts.plan.get("tune"))
        last = {
            (head["id"], head["repeat"], head.get("fingerprint"), head.get("run")): number
            for number, head in enumerate(self.every_head())
            if not (tuned and head["cell"].get("split") == "validation")
        }
        return set(last.values())

    def every_head(self) -> list[dict[str, Any]]:
        """As `heads`, with the trials, and of a process that stands there twice both."""
        if self._heads is None:
            self._heads = list(self._every_line(whole=False))
        return self._heads

    def _every_line(self, whole: bool = True) -> Iterator[dict[str, Any]]:
        """Each line, with the trials."""
        return (_parsed(line, whole) for line in self._read())

    @property
    def _path(self) -> Path:
        return self.folder / RESULTS_FILE

    def _read(self) -> list[files.Line]:
        """The whole lines of the file, read the first time."""
        if self._lines is None:
            self._lines = list(files.read_lines(self._path, _DAMAGED))
        return self._lines

    def whole_lines(self) -> list[files.Line]:
        """Each whole line as it stands in the file, trials too."""
        return self._read()

    def results(self) -> list[Result]:
        """Each line as a Result, samples decoded; trials too."""
        return [Result.from_dict(line) for line in self._every_line()]

    def reopen(self, again: Collection[str] = ("skipped",), **facts: Any) -> None:
        """Make the results ready for what is still missing, and add `facts` to run.json.

        A last line that was never finished goes, so that the next begins on its own; so do the lines of the statuses
        `again`, since the turn of these cells may come now. The caller holds the folder.

        Raises:
            BenchError: a line is damaged, or the folder cannot be written; both files are as they were.

        """
        statuses = [line["status"] for line in self._every_line(whole=False)]
        kept = [line for line, status in zip(self._read(), statuses, strict=True) if status not in again]
        stored = {**self.stored, **facts}
        results = b"".join(line.text for line in kept)
        files.replace_together({self._path: results, self.folder / FACTS: files.document(stored)}, _KEPT)
        self.stored, self._lines, self._heads = stored, kept, None

    def append(self, result: Result) -> None:
        """Write one result as one line, and see it on the disk before going on.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        text = result.to_line(of_result(result), machine_of(result.system))
        with self._there():
            files.append_line(self._path, text, new=False)
        if self._lines is not None:
            self._lines.append(files.Line(text.encode() + b"\n", f"{self._path} line {len(self._lines) + 1}"))
        self._heads = None

    def note(self, **facts: Unpack[RunDocument]) -> None:
        """Add facts to run.json; the file is replaced in one move, so that it is never seen half written.

        Raises:
            BenchError: the disk is full, or the folder is gone.

        """
        self.stored.update(facts)
        with self._there():
            files.replace(self.folder / FACTS, files.document(self.stored), _KEPT)

    def discard(self) -> None:
        """Remove the folder of a run that never came to be, so that its name is free again."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Say of what cannot be written that its folder is gone, where it is."""
        try:
            yield
        except BenchError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise BenchError(
                    f"{self._path} was removed while the run went on, which ends here: run it again"
                ) from error
            raise


def check_name(name: str) -> None:
    """See that a new run may have that name.

    Raises:
        BenchError: it cannot be a folder's, or its folder holds something else.

    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) or name in RESERVED:
        raise BenchError(f"'{name}' cannot name a run: use letters, digits, '.', '_' and '-' (--run NAME)")


def create(name: str, facts: Mapping[str, object], root: Path = RESULTS) -> Run:
    """A new run's folder under `root`.

    Raises:
        BenchError: the name cannot be a folder's, exists already, or the folder cannot be written.

    """
    check_name(name)
    run = Run(root / name, {"schema": SCHEMA, "run": name, **facts})
    try:
        run.folder.mkdir(parents=True)
    except FileExistsError as error:
        raise BenchError(f"{error.filename} exists already: choose another name with --run NAME") from error
    except OSError as error:
        raise BenchError(f"cannot write to {run.folder}: {error.strerror}; {files.ELSEWHERE}") from error
    try:
        files.replace(run.folder / RESULTS_FILE, b"")
        run.note()
    except BaseException:
        run.discard()
        raise
    files.names_to_disk(root)
    return run


def load(name: str, root: Path = RESULTS) -> Run:
    """The recorded run `name`, which may also be the path of its folder, or a glob that matches one name alone.

    Raises:
        BenchError: there is no such run, or its run.json is damaged or of another schema.

    """
    try:
        folder = _folder_of(name, root)
        stored = files.read_object(folder / FACTS, _DAMAGED)
    except FileNotFoundError as error:
        known = ", ".join(run_names(root)[-3:]) or "there is none yet: python -m bench run"
        raise BenchError(f"no run '{name}' in {root}/ (latest: {known}){_above(root)}") from error
    files.check_schema(stored.get("schema"), SCHEMA, str(folder / FACTS), _OTHER_SCHEMA)
    return Run(folder, stored)


def _folder_of(name: str, root: Path) -> Path:
    """Where the run lies that is meant: of that very name, else at that path, else the only one that the glob matches.

    Raises:
        BenchError: it matches several.
        FileNotFoundError: nothing can have that path: it is too long, or has a NUL in it.

    """
    folder = Path(name)
    try:
        if is_run(root / name) and folder.name not in ("", ".."):  # "." and ".." name a folder, and no run
            return root / name
        if is_run(folder):
            return folder if folder.name not in ("", "..") else folder.resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            (root / name / FACTS).lstat()  # which also says what is no path at all
    except PermissionError:  # whoever reads it is told
        return root / name
    except (OSError, ValueError) as error:
        raise FileNotFoundError(name) from error
    matching = [known for known in run_names(root) if matches(known, name)]
    if len(matching) > 1:
        raise BenchError(f"'{name}' matches {len(matching)} runs, {joined(matching)}: name one of them")
    return root / (matching[0] if matching else name)


def load_each(root: Path = RESULTS) -> tuple[list[Run], list[BenchError]]:
    """The recorded runs, oldest first, and why others cannot be read: one of them never hides the rest."""
    runs, errors = [], []
    for name in run_names(root):
        try:
            runs.append(load(name, root))
        except BenchError as error:
            errors.append(error)
    return runs, errors


def is_run(folder: Path) -> bool:
    """Whether a run is recorded in the folder; no folder has so long a name as a cell may have."""
    try:
        return (folder / FACTS).is_file()
    except (OSError, ValueError):
        return False


def latest(root: Path = RESULTS) -> str:
    """The name of the run that was recorded last.

    Raises:
        BenchError: none is recorded.

    """
    names = run_names(root)
    if not names:
        raise _none_yet(root)
    return names[-1]


def load_latest(root: Path = RESULTS) -> tuple[Run, list[BenchError]]:
    """The run that was recorded last of those that can be read, and why later ones cannot.

    Raises:
        BenchError: none is recorded, or none can be read.

    """
    errors: list[BenchError] = []
    for name in reversed(run_names(root)):
        try:
            return load(name, root), errors
        except BenchError as error:
            errors.append(error)
    raise errors[0] if errors else _none_yet(root)


def run_names(root: Path = RESULTS) -> list[str]:
    """The names of all recorded runs, oldest first."""
    moments: dict[str, float] = {}
    for path in root.glob(f"*/{FACTS}"):
        with suppress(OSError):  # removed meanwhile
            moments[path.parent.name] = path.parent.stat().st_mtime
    return sorted(moments, key=lambda name: (moments[name], name))


def _parsed(line: files.Line, whole: bool) -> dict[str, Any]:
    """One line as plain data, its schema checked."""
    with files.damage_told(line.place, files.REMOVE_LINE):
        stored = parse_line(line.text, whole)
        schema = stored["schema"]
    files.check_schema(schema, SCHEMA, line.place, _OTHER_SCHEMA)
    return stored


def _none_yet(root: Path) -> BenchError:
    return BenchError(f"no run is recorded in {root}/ yet: python -m bench run{_above(root)}")


def _above(root: Path) -> str:
    """Where a folder further up has runs, as the end of an error; "" where none has, or that is not asked."""
    if root.is_absolute():
        return ""
    known = (parent for parent in Path.cwd().parents if next((parent / root).glob("*/run.json"), None))
    return f"; there are some in {folder / root}/: stand in {folder}" if (folder := next(known, None)) else ""
