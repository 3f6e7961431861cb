"""Lock: one measuring run at a time on a machine, since two would measure each other."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import BenchError

if sys.platform != "win32":
    import fcntl


@contextmanager
def measuring(name: str, concurrent: bool) -> Iterator[None]:
    """Hold the machine's lock; the system frees it however this process ends.

    Args:
        name: of the run, told to whoever comes second.
        concurrent: go on even though another run is measuring.

    Raises:
        BenchError: another run holds the lock.

    """
    if sys.platform == "win32":  # no flock there: nobody is refused
        yield
        return
    descriptor, own = _opened(Path(tempfile.gettempdir()) / "python-m-bench.lock")
    with os.fdopen(descriptor, "r+" if own else "r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not concurrent:
                raise BenchError(
                    f"{file.read().strip() or 'another run'} is measuring on this machine, and each would slow the "
                    "other: wait for its end, or accept that with --concurrent"
                ) from error
            yield
            return
        if own:
            file.truncate(0)
            file.write(f"run '{name}' (process {os.getpid()})\n")
            file.flush()
        yield


def _opened(path: Path) -> tuple[int, bool]:
    """A descriptor of the lock's file, and whether it may be written: the file of another user may only be locked."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644), True
    except PermissionError:
        return os.open(path, os.O_RDONLY), False
