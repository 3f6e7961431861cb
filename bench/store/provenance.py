"""Provenance: when, from which revision, with which packages and by which command something was measured."""

import platform
import re
import shlex
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.store.git import code_of, git

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "pandas", "matplotlib", "seaborn")


def utc_now() -> str:
    """UTC time, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def time_name() -> str:
    """The local time as the name of a run or of a record: 20260131-090500."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def git_state() -> dict[str, Any]:
    """What is checked out in the working folder; empty without git.

    Keys: `revision`, `committed` (its date, ISO 8601), `dirty` (whether the code differs from it).
    """
    revision = _git("rev-parse", "HEAD")
    if revision is None:
        return {}
    code = code_of((Path(), Path(_git("rev-parse", "--show-prefix") or "")))
    dirty = bool(_git("status", "--porcelain", "--untracked-files=no", "--", *code))
    return {"revision": revision, "committed": commit_date(revision), "dirty": dirty}


@cache
def commit_date(revision: str) -> str | None:
    """When the revision was committed, ISO 8601; None where this repository has no such revision."""
    return _git("show", "--no-patch", "--format=%cI", f"{revision}^{{commit}}") if revision.isalnum() else None


def revision_of(word: str) -> str | None:
    """The full hash of the commit that the word names; None where it names none."""
    if not word or word.startswith("-"):
        return None
    return _git("rev-parse", "--verify", "--quiet", f"{word}^{{commit}}")


def command_line() -> str:
    """The command as it was given, ready to be pasted."""
    return shlex.join(["python", "-m", "bench", *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Installed versions of the packages that matter, read without importing them."""
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def installed() -> dict[str, str]:
    """The version of every distribution that this interpreter finds, by name, and its own version and build.

    Of two distributions of one name the first on the module path counts, as it does for imports.
    """
    python = {
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "Python's build": f"{' '.join(platform.python_build())}, {platform.python_compiler()}".strip(),
    }
    packages: dict[str, str] = {}
    for distribution in distributions():
        # a folder of one that was half removed has no name, and later versions of Python warn where [] asks for it
        if name := distribution.metadata.get_all("Name", [""])[0]:
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version or "unknown")
    return {**python, **dict(sorted(packages.items()))}


def _git(*arguments: str) -> str | None:
    """What git prints, or None where there is no git, no repository or no commit."""
    try:
        return git(Path(), *arguments, patience=10.0).strip()
    except BenchError:
        return None


def lacks(revision: str) -> bool:
    """Whether the repository that one stands in has no such revision; not where one stands in none."""
    return revision_of(revision) is None and _git("rev-parse", "--git-dir") is not None
