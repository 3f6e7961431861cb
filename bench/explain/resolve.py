"""Resolve: the pairs of cells that two words name: two cells of a run, or those that two runs or revisions share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from bench.errors import BenchError
from bench.explain.record import CellRecord, cell_records
from bench.plan.matching import cells_meant
from bench.store import run as store
from bench.store.provenance import revision_of

Pair = tuple[CellRecord, CellRecord]
Loaded = TypeVar("Loaded")


def pairs(
    first: str, second: str, run: str | None, cell: str | None, tell: Callable[[BenchError], None] = lambda _: None
) -> list[Pair]:
    """The pairs that two words name.

    Args:
        first: a run; or a cell of `run`: its id, its architecture or a glob of either; or a git revision.
        second: likewise, of the same kind.
        run: the run whose cells are meant; the latest if None.
        cell: where two runs or revisions are compared, a glob of the cells to look at.
        tell: is called with why a recorded run that may have been meant cannot be read.

    Raises:
        BenchError: a word names nothing, or more than one cell, or the two are of different kinds.

    """
    old_run = _run_of(first)
    new_run = old_run if first == second else _run_of(second)
    if run is None and old_run and new_run:
        return _common(old_run, new_run, cell)
    if run is None and (old_run or new_run):
        named, stray = (first, second) if old_run else (second, first)
        raise BenchError(
            f"'{named}' is a run and '{stray}' is none: name two runs, or two cells of a run with --run RUN"
        )
    searched = store.load(run) if run else _heard(store.load_latest(), tell)
    known = cell_records(searched)
    ours, theirs = _cell_of(first, known), _cell_of(second, known)
    if ours and theirs:
        return [(ours, theirs)]
    old, new = (None, None) if run else (revision_of(first), revision_of(second))
    if old and new:
        every = _heard(store.load_each(), tell)
        runs = [searched if each.folder == searched.folder else each for each in every]  # read once
        return _common(_recorded_at(first, old, runs), _recorded_at(second, new, runs), cell)
    missing = second if ours else first
    place = f"run {next(iter(known.values())).run}" if known else "the latest run"
    names = ", ".join(sorted({record.cell.architecture for record in known.values()})[:6])
    raise BenchError(
        f"'{missing}' is neither a run nor a revision, nor a cell of {place} (which has {names or 'none'}): "
        "name another run with --run RUN"
    )


def _heard(loaded: tuple[Loaded, list[BenchError]], tell: Callable[[BenchError], None]) -> Loaded:
    """What could be read, after telling why the rest could not."""
    for error in loaded[1]:
        tell(error)
    return loaded[0]


def _run_of(word: str) -> store.Run | None:
    """The run of that very name or path, if there is one: a glob is of cells here."""
    return store.load(word) if word in store.run_names() or store.is_run(Path(word)) else None


def _cell_of(word: str, known: dict[str, CellRecord]) -> CellRecord | None:
    """The one cell that the word names."""
    matching = [known[cell.id] for cell in cells_meant([word], (record.cell for record in known.values()))]
    if len(matching) > 1:
        ids = ", ".join(record.cell.id for record in matching[:4])
        remedy = f"name one by its id, see show {matching[0].run}"
        raise BenchError(f"'{word}' names {len(matching)} cells ({ids} ...): {remedy}")
    return matching[0] if matching else None


def _common(first: store.Run, second: store.Run, cell: str | None) -> list[Pair]:
    """The cells that two runs share."""
    ours = cell_records(first)
    theirs = ours if first is second else cell_records(second)
    names = [name for name in ours if name in theirs]
    if not names:
        raise BenchError(f"runs {first.name} and {second.name} share no cell: compare runs of the same plan")
    chosen = names if cell is None else [own.id for own in cells_meant([cell], (ours[name].cell for name in names))]
    if not chosen:
        raise BenchError(f"no cell that both runs have matches '{cell}': they share {', '.join(names[:4])}")
    return [(ours[name], theirs[name]) for name in chosen]


def _recorded_at(word: str, revision: str, runs: Sequence[store.Run]) -> store.Run:
    """The latest of the runs that was recorded at a revision, one without other changes if there is any."""
    recorded = [run for run in reversed(runs) if run.facts.git.revision == revision]
    if not recorded:
        raise BenchError(
            f"no run is recorded at revision {word} ({revision[:10]}): make one there with "
            f"git worktree add ../at-{revision[:10]} {revision[:10]}, run python -m bench run --profile in it, "
            "and copy the run's folder from its results/ here"
        )
    return next((run for run in recorded if not run.facts.git.dirty), recorded[0])
