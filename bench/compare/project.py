"""Project: which folder of a repository is measured: a checkout of this suite, or a package that registers nets."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.store.git import git

GROUP = "bench.architectures"  # the entry points by which a package registers architectures
BUILDS = ("pyproject.toml", "setup.py", "setup.cfg")  # what says how a package is built
MOST_NAMED = 3  # folders that an error names


@dataclass(frozen=True, slots=True)
class Project:
    """What is measured of a repository.

    Attributes:
        root: the top folder of the repository.
        inside: the project's own folder, from there: Path() for the top.
        is_suite: whether it is a checkout of this suite.

    """

    root: Path
    inside: Path
    is_suite: bool


def repository(folder: Path) -> Path:
    """The top folder of the repository that a folder is in.

    Raises:
        BenchError: it is in none, or git does not trust it.

    """
    try:
        return Path(git(folder, "rev-parse", "--show-toplevel"))
    except BenchError as error:
        if "dubious ownership" in str(error):  # as in a container whose user is another one than the checkout's
            raise BenchError(
                f"git does not trust {folder}, which another user owns: git config --global --add safe.directory "
                f"{folder.resolve()}"
            ) from error
        if "cannot run git" in str(error):
            raise
        raise BenchError(f"{folder} is in no git repository: give --repo DIR") from error


def project_of(folder: Path, commits: Iterable[str] = ()) -> Project:
    """The nearest project at or above a folder, inside its repository: in the working tree, or else in a commit.

    Raises:
        BenchError: there is none.

    """
    root, trees = repository(folder), ("", *commits)
    inside = Path(git(folder, "rev-parse", "--show-prefix"))
    for place in (inside, *inside.parents):
        if is_suite(root / place):
            return Project(root, place, is_suite=True)
        if any(_registers(root, place, tree) for tree in trees):
            return Project(root, place, is_suite=False)
    raise BenchError(
        f"{root / inside} is neither this suite nor a package with entry points '{GROUP}' in its pyproject.toml: "
        f"{_below(root)}name what to compare in it (--architectures FILE.py:NAME), or another repository with "
        "--repo DIR"
    )


def is_plain(folder: Path) -> bool:
    """Whether a folder is of no project, but in a repository.

    Raises:
        BenchError: it is in no repository.

    """
    repository(folder)
    try:
        project_of(folder)
    except BenchError:
        return True
    return False


def is_suite(folder: Path) -> bool:
    """Whether the folder is a checkout of this suite."""
    return (folder / "bench" / "__init__.py").is_file() and (folder / "architectures" / "__init__.py").is_file()


def is_package(folder: Path) -> bool:
    """Whether something in the folder says how a package is built from it."""
    return any((folder / name).is_file() for name in BUILDS)


def _registers(root: Path, place: Path, tree: str) -> bool:
    """Whether a file of the project's names the entry points: that also holds where the file is not valid."""
    return any(GROUP in _text(root, place / name, tree) for name in BUILDS)


def _text(root: Path, path: Path, tree: str) -> str:
    """A file of a commit, or of the working tree for ""; "" where there is none."""
    try:
        if tree:
            return git(root, "show", f"{tree}:{path.as_posix()}")
        return (root / path).read_text("utf-8", "replace")
    except (BenchError, OSError):
        return ""


def _below(root: Path) -> str:
    """The folders further down that are such packages, as a remedy; "" where there are none."""
    files = git(root, "ls-files", "--", *(f":(glob)**/{name}" for name in BUILDS)).splitlines()
    places = dict.fromkeys(Path(file).parent for file in files)
    known = [place.as_posix() for place in places if _registers(root, place, "")]
    return f"give --repo {root / known[0]} ({', '.join(known[:MOST_NAMED])}), or " if known else ""
