"""Lock: one measuring run at a time on a machine, since two would measure each other."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.errors import BenchError
from bench.text import duration

if sys.platform != "win32":
    import fcntl

POLL = 0.5  # seconds between two looks at a lock that is waited for


@contextmanager
def measuring(
    name: str, concurrent: bool, wait: float = 0.0, tell: Callable[[str], object] = lambda _: None
) -> Iterator[None]:
    """Hold the machine's lock; the system frees it however this process ends.

    Args:
        name: of the run, told to whoever comes second.
        concurrent: go on even though another run is measuring.
        wait: for so many seconds at most; may be infinite.
        tell: hears of it, once, where another run is waited for.

    Raises:
        BenchError: another run holds the lock, or still does after that.

    """
    if sys.platform == "win32":  # no flock there: nobody is refused
        yield
        return
    descriptor, own = _opened(Path(tempfile.gettempdir()) / "python-m-bench.lock")
    with os.fdopen(descriptor, "r+" if own else "r") as file:
        held = _is_free(file) or (not concurrent and _waited(file, wait, tell))
        if held and own:
            file.seek(0)
            file.truncate()
            file.write(f"run '{name}' (process {os.getpid()})\n")
            file.flush()
        yield


def await_turn(name: str, wait: float, tell: Callable[[str], object]) -> None:
    """Wait, if at all, until no run is measuring: for who starts a program that measures, and takes the lock itself.

    Raises:
        BenchError: one still is by then.

    """
    if wait:
        with measuring(name, False, wait, tell):
            pass


def _waited(file: IO[str], wait: float, tell: Callable[[str], object]) -> bool:
    """Take the lock as soon as it is free.

    Raises:
        BenchError: it is not by then.

    """
    until = time.monotonic() + wait
    if wait:
        tell(f"{_holder(file)} is measuring on this machine: waiting for its end")
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(POLL, left))
        if _is_free(file):
            return True
    still = f"is still measuring on this machine after {duration(wait)}" if wait else "is measuring on this machine"
    raise BenchError(
        f"{_holder(file)} {still}, and each would slow the other: wait for its end (--wait), or accept that with "
        "--concurrent"
    )


def _is_free(file: IO[str]) -> bool:
    """Whether nobody held it; it is held by this process then."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> str:
    """Who says to hold it."""
    file.seek(0)
    return file.read().strip() or "another run"


def _opened(path: Path) -> tuple[int, bool]:
    """A descriptor of the lock's file, and whether it may be written: the file of another user may only be locked."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644), True
    except PermissionError:
        return os.open(path, os.O_RDONLY), False
