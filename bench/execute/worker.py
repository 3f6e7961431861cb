"""Worker: starts fresh processes that have torch imported already, talks to them, and says how they ended."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.execute.child import PRELOAD, work
from bench.plan.catalogue import Catalogue

# glibc would map and unmap large buffers at every step, which makes identical processes differ by half (DESIGN.md);
# it reads these once, when a process starts, so they are set before the server that workers are forked from.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class WorkerError(Exception):
    """The worker did not finish: `status` and a reason in one line."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Workers:
    """Fresh worker processes, forked from one server that has imported torch but run no operator.

    Where there is no forkserver each is spawned, which takes seconds instead of milliseconds.
    """

    def __init__(self) -> None:
        self._context: Any = multiprocessing.get_context(START_METHOD)  # typed as a base that lacks Process
        if START_METHOD == "forkserver":
            self._context.set_forkserver_preload(list(PRELOAD))

    def start(self) -> None:
        """Have the server import torch meanwhile; the first worker starts it otherwise."""
        if START_METHOD == "forkserver":
            with _environment():
                forkserver.ensure_running()

    def catalogue(self, globs: Sequence[str] = ()) -> Catalogue:
        """What is registered and what this machine can do, with the counts of architectures that match a glob.

        Raises:
            BenchError: the worker that was asked did not answer.

        """
        try:
            parts = dict(self.talk("bench.measure.describe:describe", tuple(globs), timeout=120.0))
        except WorkerError as ended:
            raise BenchError(f"cannot list what is registered: {ended.reason}; see the messages above") from ended
        catalogue: Catalogue = parts["catalogue"]
        return catalogue

    def talk(self, entry: str, task: Any, timeout: float) -> Iterator[tuple[str, Any]]:
        """What the worker sends, part by part, until it ends.

        Raises:
            WorkerError: it timed out, crashed or was killed; what it sent before has been handed over.

        """
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=work, args=(sender, entry, task), daemon=True)
        with _environment():
            process.start()
        sender.close()
        kills, deadline = _oom_kills(), time.monotonic() + timeout
        try:
            while True:
                if not wait([receiver], max(0.0, deadline - time.monotonic())):
                    raise WorkerError("timeout", f"no end after {timeout:g} s; allow more with --timeout")
                try:
                    part = receiver.recv()
                except (EOFError, OSError):
                    break
                yield part
            process.join(5)
            if process.exitcode != 0:
                raise _ended(process.exitcode, _oom_kills() > kills)
        finally:
            process.kill()
            process.join(5)
            receiver.close()


@contextmanager
def _environment() -> Iterator[None]:
    """The environment of the server and so of every worker, put back afterwards."""
    wanted = {**ENVIRONMENT, "BENCH_START_METHOD": START_METHOD}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if name not in os.environ})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


def _ended(code: int | None, memory_ran_out: bool) -> WorkerError:
    """What the exit code of a worker means."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        if -code == signal.SIGKILL and memory_ran_out:
            return WorkerError("oom", "the system ran out of memory and ended the worker (SIGKILL)")
        return WorkerError("failed", f"the worker was ended by {name}")
    return WorkerError("failed", f"the worker ended by itself with exit code {code}")


def _oom_kills() -> int:
    """How many processes this system has ended for want of memory."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
