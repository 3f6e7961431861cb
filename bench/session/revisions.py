"""Revisions of the past, each measured by its own code in a worktree of its own, and its run fetched into results/."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import files
from bench.compare.checkout import Tree, checked_out_alone, spread
from bench.errors import EXIT_INTERRUPTED, BenchError
from bench.plan.origin import BASE, from_anywhere
from bench.plan.plan import SETTINGS, default_of, flag, shape_of
from bench.process.lock import await_turn
from bench.session.observer import SILENT, Observer
from bench.store.run import RESULTS, load
from bench.vocabulary import RevisionStatus


@dataclass(frozen=True, slots=True)
class RevisionOutcome:
    """What came of one revision; the reason where it failed."""

    revision: str
    run: str
    status: RevisionStatus
    reason: str = ""


def revisions(span: str, steps: int) -> list[str]:
    """Revisions of the span "A..B" in this repository, `steps` of them evenly picked, oldest first.

    Raises:
        BenchError: the span or the number of steps means nothing here.

    """
    if steps < 1:
        raise BenchError(f"--steps takes 1 or more, not {steps}")
    return spread(Path(), span, steps)


def measure_past(
    wanted: Mapping[str, Any],
    hashes: Sequence[str],
    observer: Observer = SILENT,
    *,
    concurrent: bool = False,
    wait: float = 0.0,
) -> list[RevisionOutcome]:
    """Measure each revision; one that cannot run does not keep the others from it. Ctrl-C ends it.

    Args:
        wanted: fields of Plan; `run` begins the names of the runs.
        hashes: the revisions.
        observer: is told which is next, and what its program writes.
        concurrent: measure although another run is measuring on this machine.
        wait: else for its end, so many seconds at most for each revision.

    """
    outcomes: list[RevisionOutcome] = []
    for number, revision in enumerate(hashes, 1):
        observer.turned_to(revision, number, len(hashes))
        await_turn(f"revision {revision[:10]}", wait, observer.warned)
        outcomes.append(_measured(wanted, revision, observer, concurrent))
        if outcomes[-1].status == "interrupted":
            break
    return outcomes


def _measured(wanted: Mapping[str, Any], revision: str, observer: Observer, concurrent: bool) -> RevisionOutcome:
    """Run the plan by the code of the revision, in its own folder, and fetch what it recorded."""
    name = f"{wanted.get('run', 'past')}-{revision[:10]}"
    if (RESULTS / name).exists():
        return _if_readable(RevisionOutcome(revision, name, "there already"))
    words = [*flags({**wanted, "run": name}), "--no-report", *(["--concurrent"] if concurrent else [])]
    try:
        with checked_out_alone(Path(), revision) as (folder, tree):
            code, last = run_by(words, folder, tree, observer)
            recorded = folder / "results" / name
            if (recorded / "results.jsonl").exists():
                files.make_folder(RESULTS)
                files.move(recorded, RESULTS / name)
    except BenchError as error:
        return RevisionOutcome(revision, name, "failed", str(error))
    if code == EXIT_INTERRUPTED:
        return RevisionOutcome(revision, name, "interrupted")
    if code or not (RESULTS / name).exists():
        return RevisionOutcome(revision, name, "failed", last or f"exit code {code}")
    return _if_readable(RevisionOutcome(revision, name, "recorded"))


def _if_readable(outcome: RevisionOutcome) -> RevisionOutcome:
    """The outcome, or why this version cannot read the run: the code of the revision may write another schema."""
    try:
        load(outcome.run).heads()
    except BenchError as error:
        return replace(outcome, status="failed", reason=str(error))
    return outcome


def run_by(words: Sequence[str], folder: Path, tree: Tree, observer: Observer) -> tuple[int, str]:
    """The exit code of that program's `run`, and its last line; it gets Ctrl-C itself and keeps what it has."""
    command = [sys.executable, "-m", "bench", "run", *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, tree.paths)), BASE: str(tree.base)}
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and flags that were read and checked
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",  # of a revision that writes in another
    )
    last = ""
    interrupted = False
    assert process.stderr is not None
    while True:
        try:
            for line in process.stderr:
                last = line.strip() or last
                observer.relayed(line.rstrip("\n"))
            code = process.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
    return (EXIT_INTERRUPTED if interrupted else code), last.removeprefix("bench: ")


def flags(wanted: Mapping[str, Any]) -> Iterator[str]:
    """The flags of `run` that give these fields of Plan; paths hold from any folder."""
    for name, value in wanted.items():
        many, kind = shape_of(name)
        if SETTINGS[name].metadata["role"] == "page":
            continue
        if kind is bool:
            if value != default_of(name):
                yield flag(name)
            continue
        texts = [f"{item:g}" if isinstance(item, float) else str(item) for item in (value if many else (value,))]
        reads = SETTINGS[name].metadata["reads"]
        if reads == "folder" or (reads == "suite" and str(value).endswith(".toml")):
            with suppress(OSError, RuntimeError):  # a `~name` of nobody here raises the second
                texts = [str(Path(value).expanduser().resolve())]
        elif name == "datasets":
            texts = list(map(from_anywhere, texts))
        yield from (flag(name), *texts)
