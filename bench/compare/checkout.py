"""Checkout: the source of each side of a comparison in a temporary folder: a revision, or the working tree as it is."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.compare.install import InstallError, install
from bench.compare.project import Project, is_package, project_of, repository
from bench.errors import BenchError
from bench.process.local import OWN
from bench.process.worker import interrupts_put_off
from bench.store.git import code_of, git
from bench.text import plural


@dataclass(frozen=True, slots=True)
class Tree:
    """One side's source.

    Attributes:
        label: what it is, in words: "HEAD~1 (3fedea3)", "the working tree (3fedea3 and 2 changed files)".
        paths: what goes first on the module path of its workers.
        revision: the full hash it is, or is based on.
        base: the folder that relative names of files start from: in its checkout, that which stands for the working
            directory; the working directory itself where that lies outside the repository.
        changes: files that differ from that revision.
        packages: the names of those that were installed from it; None where nothing had to be, since it is this suite
            or any repository.
        trouble: why its package cannot be installed; "" where it can, or there is none.

    """

    label: str
    paths: tuple[Path, ...]
    revision: str
    base: Path
    changes: tuple[str, ...] = field(default=())
    packages: tuple[str, ...] | None = None
    trouble: str = ""


@contextmanager
def checked_out(repo: Path, first: str, second: str | None, *, installed: bool = True) -> Iterator[tuple[Tree, Tree]]:
    """Both sides, in folders of equal path length that are removed at the end, whatever happens.

    Args:
        repo: a folder of the repository.
        first: a revision.
        second: another, or None for the working tree as it is now; it is copied, so that editing goes on freely.
        installed: whether what is measured is a package's, which has to be installed; else any repository will do.

    Raises:
        BenchError: no repository, an unknown revision, or no project. A package that cannot be installed is the
            tree's `trouble`.

    """
    root = repository(repo)
    commits = [_commit(root, revision) for revision in (first, second) if revision is not None]
    project = project_of(repo, commits) if installed else None
    with _terminated_as_interrupted(), _folder() as base, ExitStack() as stack:
        trees = []
        for place, revision, commit in zip("ab", (first, second), [*commits, ""], strict=False):
            folder = base / place
            if revision is None:
                tree = _snapshot(root, folder, project.inside if project else Path())
            else:
                stack.enter_context(_worktree(root, folder, commit))
                tree = Tree(_label(revision, commit), (folder,), commit, _base(root, folder))
            trees.append(_of_project(tree, project, base / f"{place}-site") if project else tree)
        yield trees[0], trees[1]


@contextmanager
def checked_out_alone(repo: Path, revision: str) -> Iterator[tuple[Path, Tree]]:
    """One revision: the folder it is checked out in, which is removed at the end, and its tree.

    Raises:
        BenchError: as of `checked_out`, and a package that cannot be installed.

    """
    root = repository(repo)
    commit = _commit(root, revision)
    project = project_of(repo, [commit])
    with _terminated_as_interrupted(), _folder() as base, _worktree(root, base / "a", commit):
        tree = Tree(_label(revision, commit), (base / "a",), commit, _base(root, base / "a"))
        tree = _of_project(tree, project, base / "a-site")
        check_tree(tree)
        yield base / "a", tree


def check_tree(tree: Tree) -> None:
    """See that it can be used.

    Raises:
        BenchError: its package cannot be installed.

    """
    if tree.trouble:
        raise BenchError(f"{tree.label} {tree.trouble}; mend it, or compare another revision")


def spread(repo: Path, span: str, count: int) -> list[str]:
    """Revisions of the span "A..B" along first parents, A and B among them, evenly picked, oldest first.

    Raises:
        BenchError: no repository, no such span, or nothing in it.

    """
    root = project_of(repo).root
    first, dots, last = span.partition("..")
    if not dots or not first or last.startswith("."):
        raise BenchError(f"--revisions takes a span such as v1.0..HEAD, not '{span}'")
    ends = [_commit(root, first), _commit(root, last or "HEAD")]
    between = git(root, "rev-list", "--first-parent", "--reverse", f"{ends[0]}..{ends[1]}").split()
    if not between and ends[0] != ends[1]:
        raise BenchError(f"no revision lies in {span}: is {first} older than {last or 'HEAD'}?")
    commits = [ends[0], *between]
    steps = min(count, len(commits))
    if steps == 1:
        return commits[-1:]
    return [commits[round(at * (len(commits) - 1) / (steps - 1))] for at in range(steps)]


@contextmanager
def _worktree(root: Path, folder: Path, commit: str) -> Iterator[None]:
    """The commit in a folder of its own."""
    try:
        with interrupts_put_off():  # half a worktree is harder to remove
            git(root, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        yield
    finally:
        with interrupts_put_off(), suppress(BenchError):
            git(root, "worktree", "remove", "--force", "--force", str(folder))


def _base(root: Path, folder: Path) -> Path:
    """Where the working directory is in the checkout of a repository; itself where it lies outside."""
    here = Path.cwd().resolve()
    return folder / here.relative_to(root.resolve()) if here.is_relative_to(root.resolve()) else here


def _commit(root: Path, revision: str) -> str:
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except BenchError as error:
        raise BenchError(f"unknown revision '{revision}' in {root}{_remedy(root, revision)}") from error


def _remedy(root: Path, revision: str) -> str:
    """What helps where a repository lacks a revision."""
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        return (
            ", which is a shallow clone: fetch its history (git fetch --unshallow; in GitHub Actions fetch-depth: 0 "
            "of actions/checkout)"
        )
    with suppress(BenchError):
        remote = f"origin/{revision}"
        git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{remote}^{{commit}}")
        return f": did you mean '{remote}'?"
    return f": see git -C {root} log --oneline"


def _label(revision: str, commit: str) -> str:
    return commit[:10] if commit.startswith(revision) else f"{revision} ({commit[:10]})"


def _snapshot(root: Path, folder: Path, inside: Path) -> Tree:
    """The working tree as it is: tracked files with their changes, and new ones that git does not ignore.

    What runs record is no code: it is neither copied, unless it is tracked, nor counted as a change.
    """
    code = code_of((Path(), inside, _base(root, Path())))
    listed = git(root, "ls-files", "-z", "--cached").split("\0")
    listed += git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *code).split("\0")
    for name in dict.fromkeys(listed):
        source, target = root / name, folder / name
        if name and (source.is_file() or source.is_symlink()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    commit = git(root, "rev-parse", "HEAD")
    changes = tuple(line[3:] for line in git(root, "status", "--porcelain", "--", *code).splitlines())
    count = plural(len(changes), "changed file")
    label = f"the working tree ({commit[:10]}{' and ' + count if changes else ''})"
    return Tree(label, (folder,), commit, _base(root, folder), changes)


def _of_project(tree: Tree, project: Project, site: Path) -> Tree:
    """The tree of this suite; or that of a package, installed with its entry points, for the suite that runs now."""
    folder = tree.paths[0] / project.inside
    if project.is_suite:
        return replace(tree, paths=(folder,))
    if not is_package(folder):  # the revision is older than the package, or newer
        return replace(tree, paths=(OWN,), packages=())
    try:
        return replace(tree, paths=(site, OWN), packages=install(folder, site))
    except InstallError as error:
        return replace(tree, paths=(OWN,), packages=(), trouble=f"cannot be installed: {error}")


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder; every name in it that differs between the sides is one letter."""
    try:
        base = Path(tempfile.mkdtemp(prefix="bench-ab-"))
    except OSError as error:
        raise BenchError(f"there is no folder for temporary files: {error.strerror or error}; set TMPDIR") from error
    try:
        yield base
    finally:
        with interrupts_put_off():
            shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the comparison as Ctrl-C does, so that the worktrees are removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
