"""Worker: starts fresh processes that have torch imported already, talks to them, and says how they ended.

Tree servers of other revisions rely on ENVIRONMENT: see CONTRACT.md beside this file.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.errors import BenchError
from bench.plan.timing import MMAP_THRESHOLD, TRIM_THRESHOLD
from bench.process.layout import padding
from bench.process.worker_main import work
from bench.vocabulary import Status

# glibc would map and unmap large buffers at every step, which makes identical processes differ by half (DESIGN.md);
# it reads these once, when a process starts, so they are set before the server that workers are forked from.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(MMAP_THRESHOLD), "MALLOC_TRIM_THRESHOLD_": str(TRIM_THRESHOLD)}

LONGEST_WAIT = 2e6  # seconds: 23 days; poll(2) counts milliseconds in an int
START_ATTEMPTS, START_PAUSE = 3, 0.2  # the server may have been killed a moment ago; seconds between

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class WorkerError(Exception):
    """The worker did not finish: `status` and a reason in one line."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Worker:
    """One fresh process at work on one task; to be used as a context, at whose end the process has ended too.

    Args:
        process: started already.
        connection: the parent's end of its pipe.

    """

    def __init__(self, process: Any, connection: Any) -> None:
        self.pid: int = process.pid
        self._process = process
        self._connection = connection
        self._kills = _oom_kills()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join(5)
        self._connection.close()

    def send(self, word: Any) -> None:
        """Say something to the worker."""
        self._connection.send(word)

    def pause(self) -> None:
        """Stop it where it stands, so that it takes nothing from the one that is timed (not on Windows)."""
        self._signal("SIGSTOP")

    def resume(self) -> None:
        """Let it go on."""
        self._signal("SIGCONT")

    def _signal(self, name: str) -> None:
        if hasattr(signal, name):
            with suppress(ProcessLookupError):  # it has ended; its pipe will tell
                os.kill(self.pid, getattr(signal, name))

    def receive(self, timeout: float) -> tuple[str, Any] | None:
        """The next (kind, payload) it sends, or None when it has ended as it should.

        Raises:
            WorkerError: nothing came in time, or the worker crashed or was killed.

        """
        if not wait([self._connection], min(max(0.0, timeout), LONGEST_WAIT)):
            raise WorkerError("timeout", "no end in time; allow more with --timeout")
        try:
            part: tuple[str, Any] = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(5)
            if self._process.exitcode != 0:
                raise _ended(self._process.exitcode, _oom_kills() > self._kills) from None
            return None
        return part


class Workers:
    """Fresh worker processes, forked from one server that has imported torch but run no operator.

    Where there is no forkserver each is spawned, which takes seconds instead of milliseconds. One task at a time: a
    second would disturb what is timed.
    """

    slots = 1
    nodes: tuple[str, ...] = ("localhost",)

    def __init__(self) -> None:
        self._context: Any = multiprocessing.get_context(START_METHOD)  # typed as a base that lacks Process
        if START_METHOD == "forkserver":
            self._context.set_forkserver_preload(["bench.process.preload"])

    def prepare(self) -> None:
        """Have the server import torch meanwhile; the first worker starts it otherwise."""
        if START_METHOD == "forkserver":
            resource_tracker.ensure_running()  # the server would start it, and that lets interrupts through again
            with _environment(), interrupts_put_off():
                forkserver.ensure_running()

    def start(self, entry: str, task: Any) -> Worker:
        """A worker that runs the function `entry` ("module:function") on `task`.

        Raises:
            WorkerError: the system gives no process.

        """
        own, other = self._context.Pipe()
        process = self._context.Process(target=work, args=(other, entry, task, own_cores()), daemon=True)
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self.prepare()
                with _environment(), _without_main():
                    process.start()
            except (EOFError, OSError) as error:
                if attempt == START_ATTEMPTS:
                    raise WorkerError("failed", f"no worker could be started: {error}") from error
                time.sleep(START_PAUSE)
            else:
                break
        other.close()
        return Worker(process, own)

    def close(self) -> None:
        """Nothing: each worker ends with its context, and the server with this process."""


def in_worker() -> bool:
    """Whether this process is a worker, or a server that forks them."""
    return "BENCH_START_METHOD" in os.environ


def refuse_in_worker(name: str) -> None:
    """See that nobody measures in a worker: a file that measures when it is imported would do so again, without end.

    Raises:
        BenchError: this process is one.

    """
    if in_worker():
        raise BenchError(f'{name} is called while its file is imported: put it below if __name__ == "__main__":')


def own_cores() -> frozenset[int] | None:
    """The cores that this process may use, which never imports torch; None where the system does not tell."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


@contextmanager
def _environment() -> Iterator[None]:
    """The environment of the server and so of every worker, put back afterwards; what the user set stays."""
    wanted = {**ENVIRONMENT, "BENCH_START_METHOD": START_METHOD, **padding()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if name not in os.environ})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


@contextmanager
def _without_main() -> Iterator[None]:
    """Have the process that is started import nobody's main module.

    The caller's script may have no guard, and would measure again in each worker; what it imports would be part of
    what is measured. A worker needs none of it: it is told a function by name and a task of this package's types.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Ctrl-C waits here until the end, and never reaches a process that is started meanwhile, nor those it forks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended(code: int | None, memory_ran_out: bool) -> WorkerError:
    """What the exit code of a worker means."""
    if code is not None and code < 0:
        named = {number.value: number.name for number in signal.Signals}
        name = named.get(-code, f"signal {-code}")
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
