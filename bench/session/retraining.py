"""Retraining: the cells of a batch trained at two revisions, each by its own code, and what they learnt."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from bench import files
from bench.compare.checkout import Tree, check_tree, checked_out
from bench.errors import EXIT_INTERRUPTED, BenchError
from bench.process.lock import await_turn
from bench.regression.retrain import Batch, Trained
from bench.session.observer import Observer
from bench.session.revisions import flags, run_by
from bench.store.run import load
from bench.store.summary import CellSummary, summaries
from bench.vocabulary import SIDES

FOLDER = "retrained"  # in the folder of the run that is checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """How to train again.

    Attributes:
        repo: a folder of the repository that has both revisions.
        folder: of the run that is checked; the runs of both sides go below it.
        plan: of that run, its fields by name.
        stem: begins the names of both runs.
        budget: seconds for each batch; None for no end.
        concurrent: train although another run is measuring on this machine.
        wait: else for its end, so many seconds at most.

    """

    repo: Path
    folder: Path
    plan: Mapping[str, Any]
    stem: str
    budget: float | None = None
    concurrent: bool = False
    wait: float = 0.0


def retrained(batch: Batch, terms: Retraining, number: int, observer: Observer) -> Trained:
    """Train the batch at both revisions.

    Raises:
        BenchError: a revision is not at hand, the working tree is no longer what was run, or a side cannot run.
        KeyboardInterrupt: as it came.

    """
    began = monotonic()
    learnt = []
    with checked_out(terms.repo, *batch.revisions) as trees:
        for tree in trees:
            check_tree(tree)
        _check_changes(batch, trees[1])
        for turn, (side, tree) in enumerate(zip(SIDES, trees, strict=True), 1):
            await_turn(f"training at {tree.label}", terms.wait, observer.warned)
            observer.turned_to(tree.revision, turn, len(SIDES))
            learnt.append(_trained(batch, terms, f"{terms.stem}-{number + 1}-{side}", tree, observer))
    return Trained(learnt[0], learnt[1], monotonic() - began)


def _check_changes(batch: Batch, tree: Tree) -> None:
    """See that the copied working tree can be what was run, where no revision says so."""
    new = batch.cells[0].new
    if new.dirty and (tree.revision != new.revision or not tree.changes):
        raise BenchError(
            f"the run was of changes to {new.revision[:10]} that were not committed, and the working tree is another "
            "one now: run the cell again, then check that run"
        )


def _trained(batch: Batch, terms: Retraining, name: str, tree: Tree, observer: Observer) -> dict[str, CellSummary]:
    """What the cells learn by the code of one tree; the run is kept beside the one that is checked."""
    budget = {} if terms.budget is None else {"budget": terms.budget / len(SIDES)}
    words = [*flags({**batch.wanted(terms.plan), **budget, "run": name}), "--no-report"]
    words += ["--concurrent"] if terms.concurrent else []
    with tempfile.TemporaryDirectory(prefix="bench-train-") as place:
        code, last = run_by(words, Path(place), tree, observer)
        if code == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise BenchError(f"{tree.label}: {last or f'exit code {code}'}")
        kept = terms.folder / FOLDER / name
        files.make_folder(kept.parent)
        files.move(Path(place) / "results" / name, kept)
    return {summary.id: summary for summary in summaries(load(str(kept))) if summary.status == "ok"}
