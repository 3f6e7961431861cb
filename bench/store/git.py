"""Git: the one place that calls it."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench.errors import BenchError

RECORDED = ("results", "reports")  # folders that runs write to: accepting a run is no change of the code


def git(repo: Path, *arguments: str, wrong: str = "", patience: float | None = None) -> str:
    """What git prints; a session of its own keeps Ctrl-C from cutting it short.

    Args:
        repo: a folder in the repository.
        arguments: the command and its words.
        wrong: the message where it fails; git's own last line if empty.
        patience: seconds after which it is given up; None waits for a large repository.

    Raises:
        BenchError: there is no git, or it failed, or took too long.

    """
    command = ["git", "-C", str(repo), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and names after --
            command, capture_output=True, check=False, start_new_session=True, timeout=patience
        )
    except OSError as error:
        raise BenchError(f"cannot run git: {error.strerror}; install it to compare revisions") from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"git {arguments[0]} in {repo} took more than {patience:g} s: try again") from error
    if done.returncode:
        cause = (os.fsdecode(done.stderr).strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise BenchError(wrong or f"git {arguments[0]} failed: {cause}")
    return os.fsdecode(done.stdout).strip("\n")  # as names of files are decoded


def code_of(folders: Iterable[Path]) -> tuple[str, ...]:
    """What limits a command to the code of a repository: all of it but what runs record in these folders of it.

    Args:
        folders: from the top of the repository.

    """
    places = dict.fromkeys(folder / name for folder in folders if not folder.is_absolute() for name in RECORDED)
    return (":(top)", *(f":(top,exclude,literal){place.as_posix()}" for place in places))
