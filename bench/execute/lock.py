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
    path = Path(tempfile.gettempdir()) / "python-m-bench.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+") as file:
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
        file.truncate(0)
        file.write(f"run '{name}' (process {os.getpid()})\n")
        file.flush()
        yield
