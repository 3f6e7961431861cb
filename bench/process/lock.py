"""Lock: one measuring run at a time on a machine, since two would measure each other; one writer in a run's folder."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import BenchError
from bench.text import duration

if sys.platform != "win32":
    import fcntl

POLL = 0.5  # seconds between two looks at a lock that is waited for
_LONGEST = 400  # bytes of what a lock's file says of its holder


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
    with _locked(_opened) as (descriptor, taken):
        if taken and not concurrent:
            _await(descriptor, wait, tell)
        if descriptor >= 0 and not (taken and concurrent):
            with suppress(OSError):  # the file of another user may only be locked; and a disk may be full
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, f"run '{name}' (process {os.getpid()})\n".encode(), 0)
        yield


def await_turn(name: str, wait: float, tell: Callable[[str], object]) -> None:
    """Wait, if at all, until no run is measuring: for who starts a program that measures, and takes the lock itself.

    Raises:
        BenchError: one still is by then.

    """
    if wait:
        with measuring(name, False, wait, tell):
            pass


@contextmanager
def recording(folder: Path) -> Iterator[None]:
    """Hold a run's folder: nobody else adds results to it, whatever may be measured at the same time.

    Raises:
        BenchError: another process holds it.

    """
    with _locked(lambda: os.open(folder, os.O_RDONLY)) as (_, taken):
        if taken:
            raise BenchError(f"run '{folder.name}' is being measured: wait for its end, then go on with it")
        yield


def _await(descriptor: int, wait: float, tell: Callable[[str], object]) -> None:
    """Take the lock as soon as it is free.

    Raises:
        BenchError: it is not by then.

    """
    until = time.monotonic() + wait
    if wait:
        tell(f"{_holder(descriptor)} is measuring on this machine: waiting for its end")
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(POLL, left))
        if not _is_taken(descriptor):
            return
    still = f"is still measuring on this machine after {duration(wait)}" if wait else "is measuring on this machine"
    raise BenchError(
        f"{_holder(descriptor)} {still}, and each would slow the other: wait for its end (--wait), or accept that with "
        "--concurrent"
    )


def _holder(descriptor: int) -> str:
    """Who says to hold it."""
    return os.pread(descriptor, _LONGEST, 0).decode(errors="replace").strip() or "another run"


@contextmanager
def _locked(opened: Callable[[], int]) -> Iterator[tuple[int, bool]]:
    """A descriptor, held alone if it can be, and whether another process has it instead.

    Where the system or its files know no such locks, or nothing can be opened, nobody is refused: -1 and False.
    """
    descriptor = -1
    if sys.platform != "win32":
        with suppress(OSError):
            descriptor = opened()
    try:
        yield descriptor, descriptor >= 0 and _is_taken(descriptor)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    """Whether another process holds it; if not, this one does from now on."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _opened() -> int:
    """A descriptor of the machine's lock."""
    path = Path(tempfile.gettempdir()) / "python-m-bench.lock"
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:  # the file of another user
        return os.open(path, os.O_RDONLY)
