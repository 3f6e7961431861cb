"""Imports: what becomes of the files that a user names: a run for each of pytest-benchmark, figures for each of timm.

One run a file, since a file is one session: it has one machine, one revision and one moment, by which history orders
runs and keeps machines apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.store import elsewhere, pytest_benchmark, run, timm_csv
from bench.store.elsewhere import FigureFile
from bench.store.import_files import Source, names, sources
from bench.store.result import Result
from bench.store.run import Run

_OTHER = (pytest_benchmark.NotOursError, timm_csv.NotTimmError)


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was read and is not recorded yet: the facts and results of a run, or figures.

    Attributes:
        source: where it lies.
        name: under which it will be recorded.
        facts: for run.json.
        results: of the run; none of figures.
        figures: of other machines; None of a run.

    """

    source: Source
    facts: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[Result, ...] = ()
    figures: FigureFile | None = None
    name: str = ""

    @property
    def sha256(self) -> str:
        """Of the file."""
        return self.figures.sha256 if self.figures else str(self.facts["imported_digest"])


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read.

    Attributes:
        fresh: what is to be recorded.
        there: files that are recorded already, each with the name it has.
        refused: why files that lie in a folder could not be read.
        passed: files that lie in a folder and are of other tools.

    """

    fresh: tuple[Import, ...]
    there: tuple[tuple[Path, str], ...]
    refused: tuple[str, ...]
    passed: tuple[Path, ...]


def gather(words: Sequence[str], chosen: str | None = None) -> Batch:
    """Read every file that the words stand for; nothing is recorded yet.

    Args:
        words: files and folders.
        chosen: the name of the run, or what the names of several begin with.

    Raises:
        BenchError: a file that was named itself cannot be read, a name is taken, or there is nothing to import.

    """
    read, refused, passed = _read_each(sources(words))
    known = _recorded() if len(read) > 1 or (read and read[0].source.below) else {}
    fresh: list[Import] = []
    there: list[tuple[Path, str]] = []
    for item in read:
        if item.sha256 in known:
            there.append((item.source.path, known[item.sha256]))
        else:
            known[item.sha256] = str(item.source.path)
            fresh.append(item)
    if not fresh and not there:
        reason = refused[0] if refused else f"{' '.join(words)}: no file there is of pytest-benchmark or of timm"
        raise BenchError(reason)
    titles = names([item.source for item in fresh], chosen)
    named = [_named(item, title) for item, title in zip(fresh, titles, strict=True)]
    return Batch(tuple(named), tuple(there), tuple(refused), tuple(passed))


def record(item: Import, command: str) -> Run | Path:
    """Record what was read, with the command that did; the run, or the file that the figures are kept in.

    Raises:
        BenchError: the folder cannot be written.

    """
    if item.figures:
        return elsewhere.save(item.name, item.figures)
    recorded = run.create(item.name, {**item.facts, "command": command})
    try:
        for result in item.results:
            recorded.append(result)
    except BaseException:  # half a file would pass for all of it
        recorded.discard()
        raise
    return recorded


def _read_each(files: Iterable[Source]) -> tuple[list[Import], list[str], list[Path]]:
    """What could be read; of what lies in a folder, why the rest could not be, and what is of other tools."""
    read: list[Import] = []
    refused: list[str] = []
    passed: list[Path] = []
    for source in files:
        try:
            read.append(_read(source))
        except _OTHER as error:
            if source.below is None:
                raise BenchError(str(error)) from error
            passed.append(source.path)
        except BenchError as error:
            if source.below is None:
                raise
            refused.append(str(error))
    return read, refused, passed


def _read(source: Source) -> Import:
    if source.path.suffix.lower() == ".csv":
        return Import(source, figures=timm_csv.read(source.path))
    facts, results = pytest_benchmark.read(source.path)
    return Import(source, facts, tuple(results))


def _recorded() -> dict[str, str]:
    """By the SHA-256 of its file, the name under which an import is recorded."""
    runs = {each.stored.get("imported_digest"): each.name for each in run.load_each()[0]}
    kept = {figures.sha256: name for name, figures in elsewhere.load_each()[0].items()}
    return {digest: name for digest, name in (runs | kept).items() if digest}


def _named(item: Import, name: str) -> Import:
    """The same under a name that is free.

    Raises:
        BenchError: the name cannot be one, or is taken.

    """
    run.check_name(name)
    place = run.PUBLISHED / f"{name}.json" if item.figures else run.RESULTS / name
    if place.exists():
        raise BenchError(f"{place} exists already: choose another name with --run NAME")
    return Import(item.source, item.facts, item.results, item.figures, name)
