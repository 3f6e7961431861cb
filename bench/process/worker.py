"""Worker: one fresh process at work on one task: what it says and is told, and how it ended.

Tree servers of other revisions rely on ENVIRONMENT: see CONTRACT.md beside this file.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.plan.timing import MMAP_THRESHOLD, TRIM_THRESHOLD
from bench.vocabulary import Status

# glibc would map and unmap large buffers at every step: identical processes differ by half (docs/measurement.md);
# it reads these once, when a process starts, so they are set before the server that workers are forked from.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(MMAP_THRESHOLD), "MALLOC_TRIM_THRESHOLD_": str(TRIM_THRESHOLD)}

HERE = "localhost"  # the machine of this process, as a node
LONGEST_WAIT = 2e6  # seconds: 23 days; poll(2) counts milliseconds in an int
END_SECONDS = 5.0  # until a worker whose pipe is closed has ended
HUNG_UP = 74  # exit code of a worker that cannot reach its parent any more; EX_IOERR of sysexits(3)
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else ()  # rarely sent to oneself


class WorkerError(Exception):
    """The worker did not finish: `status` and a reason in one line.

    `outside` says whether something else than its own code may have ended it: then it is worth another try. `lost` is
    the node that vanished with it; "" where it did not. `remedied` says that the reason ends with what helps.
    """

    def __init__(
        self, status: Status, reason: str, *, outside: bool = False, lost: str = "", remedied: bool = False
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.outside = outside
        self.lost = lost
        self.remedied = remedied

    @property
    def in_full(self) -> str:
        """The reason and what helps: who was ended has written why, and who gave no answer in time nothing."""
        if self.remedied:
            return self.reason
        remedy = "stop what else runs, and try again" if self.status == "timeout" else "see the messages above"
        return f"{self.reason}; {remedy}"


class Worker:
    """One fresh process at work on one task; to be used as a context, at whose end the process has ended too.

    Args:
        process: started already; beside what multiprocessing's have it says what its code `left` running, and whether
            it was `lost` with its server.
        connection: the parent's end of its pipe.

    """

    def __init__(self, process: Any, connection: Any) -> None:
        self.pid: int = process.pid
        self._process = process
        self._connection = connection
        self._kills = _oom_kills()
        self._left_told = False

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join(END_SECONDS)
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
        if hasattr(signal, name) and not wait([self._process.sentinel], 0):  # else its id may be another's
            with suppress(ProcessLookupError):  # it has ended; its pipe will tell
                os.kill(self.pid, getattr(signal, name))

    def receive(self, timeout: float) -> tuple[str, Any] | None:
        """The next (kind, payload) it sends, or None when it has ended as it should.

        What its code left running, a process that it forked say, has been ended then; ("left", n) says so before.

        Raises:
            WorkerError: nothing came in time, or the worker crashed or was killed.

        """
        ends = [self._connection, self._process.sentinel]  # what it forked may hold the pipe open
        ready = wait(ends, min(max(0.0, timeout), LONGEST_WAIT))
        if not ready:
            raise WorkerError("timeout", "no end in time; allow more with --timeout")
        if self._connection in ready or self._connection.poll():
            try:
                part: tuple[str, Any] = self._connection.recv()
                return part
            except BlockingIOError as error:
                raise WorkerError("timeout", "it stopped in the middle of what it was sending") from error
            except (EOFError, OSError):
                pass  # it has ended, or is about to
            except Exception as error:  # its code wrote into the pipe
                raise WorkerError("failed", "what it sent cannot be read: its own code wrote in between") from error
        return self._ending()

    def _ending(self) -> tuple[str, int] | None:
        """What is to be said of its end, once its pipe is closed or it has ended."""
        self._process.join(END_SECONDS)
        if self._process.left and not self._left_told:
            self._left_told = True
            return "left", self._process.left
        if self._process.lost:
            raise WorkerError("failed", "its server ended, which took it along (SIGKILL)", outside=True)
        if self._process.exitcode != 0:
            raise _ended(self._process.exitcode, _oom_kills() > self._kills)
        return None


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


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """What interrupts a run waits here until the end, and never reaches a process that is started meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended(code: int | None, memory_ran_out: bool) -> WorkerError:
    """What the exit code of a worker means."""
    if code is None:
        return WorkerError("failed", "the worker closed its connection and did not end", outside=True)
    if code == HUNG_UP:
        return WorkerError("failed", "its own code closed the worker's connection")
    if code < 0:
        named = {number.value: number.name for number in signal.Signals}
        name = named.get(-code, f"signal {-code}")
        if -code == signal.SIGKILL and memory_ran_out:
            return WorkerError("oom", "the system ran out of memory and ended the worker (SIGKILL)")
        return WorkerError("failed", f"the worker was ended by {name}", outside=-code in FROM_OUTSIDE)
    return WorkerError("failed", f"the worker ended by itself with exit code {code}")


def _oom_kills() -> int:
    """How many processes this system has ended for want of memory."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
