"""Interpreter: another Python by its path, looked at before anything is started under it."""

import os
import shutil
import subprocess
from pathlib import Path

from bench.errors import BenchError, NotComparableError
from bench.files import is_folder

OLDEST = (3, 11)  # that the suite runs under
PATIENCE = 60.0  # seconds until it tells its version
_ASKED = "import sys; print('python', *sys.version_info[:2])"


def interpreter(text: str) -> Path:
    """The interpreter that a path or a command names, as an absolute path; a link is kept: a venv is known by it.

    Raises:
        BenchError: there is nothing, or what is there is no Python.
        NotComparableError: it is too old for the suite.

    """
    path = Path(os.path.abspath(Path(shutil.which(text) or text).expanduser()))  # noqa: PTH100 - resolve() follows links
    remedy = "name the python of an environment, such as A=.venv-old/bin/python"
    if is_folder(path):
        raise BenchError(f"{text} is a folder, and no Python: {remedy}")
    try:
        done = subprocess.run(  # noqa: S603 - what the user named to be run
            [path, "-I", "-c", _ASKED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it does not answer"
        raise BenchError(f"{text} cannot be run as a Python: {why}; {remedy}") from error
    words = (done.stdout.splitlines() or [""])[-1].split()  # what it imports as it starts may print
    if done.returncode or words[:1] != ["python"]:
        raise BenchError(f"{text} is no Python that runs: it does not tell its version; {remedy}")
    version = tuple(map(int, words[1:3]))
    if version < OLDEST:
        raise NotComparableError(
            f"{text} is Python {'.'.join(map(str, version))}, and this suite runs under {'.'.join(map(str, OLDEST))} "
            "and later: name a newer one"
        )
    return path
