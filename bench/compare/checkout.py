"""Checkout: the source of each side of a comparison in a temporary folder: a revision, or the working tree as it is."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import BenchError
from bench.process.local import OWN
from bench.process.worker import interrupts_put_off
from bench.store.git import git
from bench.text import plural

GROUP = "bench.architectures"  # the entry points by which a package registers architectures
INSTALL_SECONDS = 600.0


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

    """

    label: str
    paths: tuple[Path, ...]
    revision: str
    base: Path
    changes: tuple[str, ...] = field(default=())


@contextmanager
def checked_out(repo: Path, first: str, second: str | None, *, installed: bool = True) -> Iterator[tuple[Tree, Tree]]:
    """Both sides, in folders of equal path length that are removed at the end, whatever happens.

    Args:
        repo: a folder of the repository.
        first: a revision.
        second: another, or None for the working tree as it is now; it is copied, so that editing goes on freely.
        installed: whether what is measured is a package's, which has to be installed; else any repository will do.

    Raises:
        BenchError: no repository, an unknown revision, or a package that cannot be installed.

    """
    root = _root(repo) if installed else repository(repo)
    commits = [_commit(root, revision) for revision in (first, second) if revision is not None]
    with _terminated_as_interrupted(), _folder() as base, ExitStack() as stack:
        trees = []
        for place, revision, commit in zip("ab", (first, second), [*commits, ""], strict=False):
            folder = base / place
            if revision is None:
                trees.append(_snapshot(root, folder))
            else:
                stack.enter_context(_worktree(root, folder, commit))
                trees.append(Tree(_label(revision, commit), (folder,), commit, _base(root, folder)))
        if installed and not is_suite(root):
            trees = [_installed(tree, base / f"{place}-site") for place, tree in zip("ab", trees, strict=True)]
        yield trees[0], trees[1]


@contextmanager
def checked_out_alone(repo: Path, revision: str) -> Iterator[tuple[Path, Tree]]:
    """One revision: the folder it is checked out in, which is removed at the end, and its tree.

    Raises:
        BenchError: as of `checked_out`.

    """
    root = _root(repo)
    commit = _commit(root, revision)
    with _terminated_as_interrupted(), _folder() as base, _worktree(root, base / "a", commit):
        tree = Tree(_label(revision, commit), (base / "a",), commit, _base(root, base / "a"))
        yield base / "a", tree if is_suite(root) else _installed(tree, base / "a-site")


def spread(repo: Path, span: str, count: int) -> list[str]:
    """Revisions of the span "A..B" along first parents, A and B among them, evenly picked, oldest first.

    Raises:
        BenchError: no repository, no such span, or nothing in it.

    """
    root = _root(repo)
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


def repository(repo: Path) -> Path:
    """The top folder of the repository that a folder is in.

    Raises:
        BenchError: it is in none.

    """
    return Path(git(repo, "rev-parse", "--show-toplevel", wrong=f"{repo} is in no git repository: give --repo DIR"))


def is_plain(repo: Path) -> bool:
    """Whether a repository is neither this suite nor a package that registers architectures.

    Raises:
        BenchError: the folder is in none.

    """
    root = repository(repo)
    return not is_suite(root) and not _registers(root)


def _root(repo: Path) -> Path:
    """The repository's top folder, which must hold what can be measured."""
    root = repository(repo)
    if not is_suite(root) and not _registers(root):
        raise BenchError(
            f"{root} is neither this suite nor a package with entry points '{GROUP}' in its pyproject.toml: "
            "name what to compare in it (--architectures FILE.py:NAME), or another repository with --repo DIR"
        )
    return root


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


def is_suite(root: Path) -> bool:
    """Whether the folder is a checkout of this suite."""
    return (root / "bench" / "__init__.py").is_file() and (root / "architectures" / "__init__.py").is_file()


def _registers(root: Path) -> bool:
    """Whether the folder is a package that registers architectures."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return (root / "setup.py").is_file() or (root / "setup.cfg").is_file()
    return GROUP in project.get("entry-points", {}) or "entry-points" in project.get("dynamic", ())


def _commit(root: Path, revision: str) -> str:
    wrong = f"unknown revision '{revision}' in {root}: see git -C {root} log --oneline"
    return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", wrong=wrong)


def _label(revision: str, commit: str) -> str:
    return commit[:10] if commit.startswith(revision) else f"{revision} ({commit[:10]})"


def _snapshot(root: Path, folder: Path) -> Tree:
    """The working tree as it is: tracked files with their changes, and new ones that git does not ignore."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in dict.fromkeys(listed):
        source, target = root / name, folder / name
        if name and (source.is_file() or source.is_symlink()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    commit = git(root, "rev-parse", "HEAD")
    changes = tuple(line[3:] for line in git(root, "status", "--porcelain").splitlines())
    count = plural(len(changes), "changed file")
    label = f"the working tree ({commit[:10]}{' and ' + count if changes else ''})"
    return Tree(label, (folder,), commit, _base(root, folder), changes)


def _installed(tree: Tree, site: Path) -> Tree:
    """The tree's package installed into a folder of its own, entry points and all, for the suite that runs now."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--no-input"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(tree.paths[0])]
    try:
        done = subprocess.run(  # noqa: S603 - pip of this interpreter
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.SubprocessError as error:
        raise BenchError(f"{tree.label} cannot be installed: {error}") from error
    if done.returncode:
        raise BenchError(
            f"{tree.label} cannot be installed: {_cause(done.stderr)}; mend it, or compare another revision"
        )
    return replace(tree, paths=(site, OWN))


def _cause(stderr: str) -> str:
    """The line of pip's messages that says most: the last exception of the build, or the last line there is."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Invalid\w*): ", line)]
    return (raised or lines or ["pip gave no reason"])[-1].rstrip(".")


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
