"""Steps: the sides of a comparison of steps of the user's own: one across revisions or settings, or two."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.compare.capabilities import capabilities_of, threads_in
from bench.compare.checkout import Tree, checked_out
from bench.compare.facts import SideFacts
from bench.compare.interpreters import same_versions
from bench.compare.pairs import Side
from bench.compare.project import is_suite, repository
from bench.compare.sides import Comparison, Revisions, injected, notes_on
from bench.errors import BenchError, NotComparableError
from bench.metrics import IMPORT
from bench.plan.cell import STEP, Cell
from bench.plan.origin import parse
from bench.plan.plan import Plan
from bench.plan.step import StepSource, source_named
from bench.process import entries
from bench.process.executor import talk
from bench.process.handed import with_objects
from bench.process.local import OWN
from bench.process.messages import StepFacts
from bench.process.step_task import task_of
from bench.process.tree_client import TreeClient
from bench.process.worker import WorkerError
from bench.store.git import git
from bench.text import duration
from bench.verdict.verdict import Verdict

TRY_SECONDS = 600.0  # to set a step up and run it, which may read its data first
MODULES = ("", "src")  # where a repository has its modules, from its top folder


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """How steps are run.

    Attributes:
        threads: CPU threads, unless the step sets them itself; 0 for all usable cores.
        device: what it runs on; "" to find out.
        inject: how much slower than it is the second side is made, as a share.

    """

    threads: int = 1
    device: str = ""
    inject: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedStep:
    """A step that was tried out on the side where it is to be timed.

    Attributes:
        host: starts its workers.
        source: where they get it from.
        label: what the side is called.
        facts: what the step turned out to be; None where it cannot be run.
        reason: why not, or what went wrong as it was closed, in one line; "" where nothing did.
        exists: whether there is such a step at all.

    """

    host: TreeClient
    source: StepSource
    label: str
    facts: StepFacts | None
    reason: str = ""
    exists: bool = True

    def side(self, otherwise: StepFacts, inject: float) -> Side:
        """The side of a pair; what is not known of the step is as `otherwise`."""
        facts = self.facts or otherwise
        cell = replace(Cell.foreign(self.source.label, STEP), device=facts["device"], threads=facts["threads"])
        on_host = "gpu" not in facts["system"]
        return Side(self.host, cell, inject, step=self.source, on_host=on_host)

    def side_facts(self, tree: Tree | None) -> SideFacts:
        """What the log says of the side; a file as it is seen from the top of the `tree`."""
        origin = self.facts["origin"] if self.facts else {}
        if tree is None:
            return SideFacts(self.label, origin=origin)
        file = Path(origin.get("file", ""))
        if file.is_relative_to(self.source.base):
            origin = {**origin, "file": file.relative_to(self.source.base).as_posix()}
        return SideFacts(tree.label, tree.revision, tree.changes, origin=origin)


@contextmanager
def revisions(text: str, between: Revisions, options: StepOptions) -> Iterator[Comparison]:
    """A step by the code of one revision of the user's own repository and by that of another or of the working tree.

    Where one of them has no such step there are no sides, and a verdict says whether it is new or lost.

    Args:
        text: names it, such as `my_train.py:make_step`; a file is found from the folder `between.repo`.
        between: the revisions.
        options: how it is run.

    Raises:
        BenchError: there is no such revision, or neither has such a step that it can run.
        NotComparableError: the older one has it and cannot run it.

    """
    root = repository(between.repo)
    with ExitStack() as stack:
        trees = stack.enter_context(checked_out(between.repo, between.first, between.second, installed=False))
        tried = []
        for tree in trees:
            host = stack.enter_context(TreeClient(tree.label, tree.paths if is_suite(root) else (OWN,)))
            if is_suite(root) and entries.AB_STEP_FACTS not in capabilities_of(host, Plan(datasets=())).entries:
                raise NotComparableError(f"{tree.label} is of an older revision, which runs no step of one's own")
            tried.append(_tried(host, _source_in(tree.paths[0], root, text, between.repo), options))
        older, newer = tried
        if not (older.facts or newer.facts):
            raise BenchError(f"{newer.label}: {newer.reason}")
        if older.facts is None and older.exists:
            raise NotComparableError(f"{older.label}: {older.reason}")
        notes = notes_on(trees, options.inject)
        whole = _comparison(newer.source.label, (older, newer), options, notes, trees)
        yield (
            whole
            if older.exists and newer.exists
            else replace(whole, sides={}, unmatched=(_of_one_side(older, newer),))
        )


def _of_one_side(older: TriedStep, newer: TriedStep) -> Verdict:
    """What is said where one revision has no such step: it is new, or lost."""
    if newer.exists:
        return Verdict(cell=newer.source.label, metric="step", verdict="new", reason=f"only in {newer.label}")
    reason = f"it ran at {older.label}; at {newer.label}: {newer.reason}"
    return Verdict(cell=newer.source.label, metric=IMPORT, verdict="failed", reason=reason, remedy="mend it")


@contextmanager
def two_steps(sources: Sequence[StepSource], options: StepOptions) -> Iterator[Comparison]:
    """Two steps, the second held to the first.

    Raises:
        BenchError: one of them is no step, or raises.

    """
    with ExitStack() as stack:
        tried = []
        for source, label in zip(sources, _labels(sources), strict=True):
            tried.append(_tried(stack.enter_context(TreeClient(label, (OWN,))), source, options))
        for attempt in tried:
            if attempt.facts is None:
                raise BenchError(attempt.reason)
        first, second = tried
        yield _comparison(f"{second.label} over {first.label}", (first, second), options, injected(options.inject))


@contextmanager
def settings(
    text: str,
    options: StepOptions,
    *,
    changes: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    pythons: Mapping[str, Path] = MappingProxyType({}),
    base: Path | None = None,
) -> Iterator[Comparison]:
    """A step with two environments, or under two interpreters.

    Args:
        text: names it.
        options: how it is run.
        changes: by side, "A" and "B", the variables that differ from this process's.
        pythons: likewise the interpreter; that of this process where a side has none.
        base: the folder that a file is found from; None for the working directory.

    Raises:
        BenchError: it cannot be run in either.
        NotComparableError: it can be run in one of them alone.

    """
    source = source_named(text, base)
    with ExitStack() as stack:
        tried = []
        for side in "AB":
            changed, python = changes.get(side, {}), pythons.get(side)
            words = [f"{name}={value}" for name, value in changed.items()] or [str(python or "as it is")]
            host = stack.enter_context(TreeClient(f"{side}: {' '.join(words)}", (OWN,), changed, python=python))
            threads = threads_in(changed, os.cpu_count() or 1) or options.threads
            tried.append(_tried(host, source, replace(options, threads=threads)))
        for attempt in tried:
            if attempt.facts is None:
                kind = NotComparableError if any(other.facts for other in tried) else BenchError
                raise kind(f"{attempt.label}: {attempt.reason}")
        first, second = tried
        comparison = _comparison(source.label, (first, second), options, injected(options.inject))
        yield with_versions(comparison, first.facts, second.facts) if pythons else comparison


def with_versions(comparison: Comparison, before: StepFacts | None, after: StepFacts | None) -> Comparison:
    """The comparison of interpreters, each side with the versions of all that it has installed."""
    assert before is not None
    assert after is not None
    return replace(
        comparison,
        before=replace(comparison.before, installed=before["installed"]),
        after=replace(comparison.after, installed=after["installed"]),
        notes=(*comparison.notes, *same_versions(before["installed"], after["installed"])),
    )


def _tried(host: TreeClient, source: StepSource, options: StepOptions) -> TriedStep:
    """Have the step set up and run on a side."""
    task = task_of(source, device=options.device, threads=options.threads)
    parts: dict[str, Any] = {}
    try:
        for part in talk(host, *with_objects(source.handed, entries.AB_STEP_FACTS, task), TRY_SECONDS):
            parts.update([part])  # one by one, so that they stay where it ends early
    except WorkerError as ended:
        late = f"it is not set up and run once within {duration(TRY_SECONDS)}: have its import and its set-up do less"
        parts["failed"] = f"{source.label}: {late if ended.status == 'timeout' else ended.reason}"
    unsaid = "" if "facts" in parts else f"{source.label}: it does not say what it is"
    reason = str(parts.get("refused") or parts.get("failed", unsaid))
    return TriedStep(
        host=host,
        source=source,
        label=host.label,
        facts=parts.get("facts"),
        reason=reason.replace(f"{source.base}/", ""),  # which may be a folder that is gone when this is read
        exists="refused" not in parts,
    )


def _comparison(
    name: str,
    tried: tuple[TriedStep, TriedStep],
    options: StepOptions,
    notes: Sequence[str],
    trees: tuple[Tree | None, Tree | None] = (None, None),
) -> Comparison:
    """The comparison of one step with another, or with itself; one of them could be run."""
    before, after = tried
    known = after.facts or before.facts
    assert known is not None
    return Comparison(
        before=before.side_facts(trees[0]),
        after=after.side_facts(trees[1]),
        sides={name: (before.side(known, 0.0), after.side(known, options.inject))},
        system=known["system"],
        notes=(*notes, *(f"{each.label}: {each.reason}" for each in tried if each.facts and each.reason)),
        hosts=(before.host, after.host),
    )


def _labels(sources: Sequence[StepSource]) -> tuple[str, str]:
    """What two steps are called: each by its label, with its place where they have the same."""
    first, second = (source.label for source in sources)
    return (first, second) if first != second else (f"{first} (first)", f"{second} (second)")


def _source_in(tree: Path, root: Path, text: str, start: Path) -> StepSource:
    """The step in a tree of the repository at `root`; a file in its text is found from the folder `start` of that."""
    origin = parse(text)
    if origin is not None and origin.file:
        place = (start / origin.file).resolve()
        if not place.is_relative_to(root.resolve()):
            raise BenchError(f"{origin.file} is not in the repository {root}: name a file of it, or give --repo DIR")
        name = place.relative_to(root.resolve()).as_posix()
        _check_tracked(tree, root, name)
        text = text.replace(origin.file, name, 1)
    return source_named(text, tree, [str(tree / folder) for folder in MODULES], str(root.resolve()))


def _check_tracked(tree: Path, root: Path, name: str) -> None:
    """See that a file which is there can be in a tree: git leaves out what it is told to ignore.

    Raises:
        BenchError: it ignores this one.

    """
    if (tree / name).exists() or not (root / name).exists():
        return
    try:
        git(root, "check-ignore", "--quiet", "--", name)
    except BenchError:  # it does not
        return
    raise BenchError(
        f"git ignores {name}, so that no revision has it, nor the copy of the working tree: track it (git add --force "
        f"{name}), or compare it without revisions (--steps, --env)"
    )
