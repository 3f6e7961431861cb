"""Lock: one measuring run at a time on a machine, since two would measure each other; one writer in a run's folder."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import BenchError

if sys.platform != "win32":
    import fcntl

_LONGEST = 400  # bytes of what a lock's file says of its holder


@contextmanager
def measuring(name: str, concurrent: bool) -> Iterator[None]:
    """Hold the machine's lock; the system frees it however this process ends.

    Args:
        name: of the run, told to whoever comes second.
        concurrent: go on even though another run is measuring.

    Raises:
        BenchError: another run holds the lock.

    """
    with _locked(_opened) as (descriptor, taken):
        if taken and not concurrent:
            holder = os.pread(descriptor, _LONGEST, 0).decode(errors="replace").strip()
            raise BenchError(
                f"{holder or 'another run'} is measuring on this machine, and each would slow the other: wait for its "
                "end, or accept that with --concurrent"
            )
        if descriptor >= 0 and not taken:
            with suppress(OSError):  # the file of another user may only be locked; and a disk may be full
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, f"run '{name}' (process {os.getpid()})\n".encode(), 0)
        yield


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
