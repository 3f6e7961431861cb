"""Tree client: a server of its own for one source tree and environment; the workers it starts run that tree's code."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from bench.errors import BenchError, NotComparableError
from bench.plan.origin import BASE
from bench.process.channel import PAIR_PROTOCOL
from bench.process.layout import padding
from bench.process.worker import Worker, WorkerError, interrupts_put_off

if sys.platform != "win32":
    import fcntl

PROGRAM = Path(__file__).with_name("tree_server.py")
READY_SECONDS = 120.0  # importing torch from a cold disk
ANSWER_SECONDS = 30.0
WAKE_SECONDS = 5.0  # without an answer until it is woken, should it have been stopped
CLOSE_SECONDS = 5.0  # until it has ended what it started
STALL_SECONDS = 30  # in the middle of what a worker sends or is sent

# No Python that is started from here on looks into the folder one stands in: files there may be named as modules are.
SAFE = {"PYTHONSAFEPATH": "1"}
BEGUN = "BENCH_TREE_SERVER"  # a server's own mark, which a worker's own child may have inherited


class TreeError(BenchError):
    """The code of a tree cannot be used: it cannot be imported, or crashes where it is asked what it has."""


class TreeClient:
    """To be used as a context, at whose end it and its workers have ended.

    Args:
        label: what it stands for, in an error's words: "revision HEAD~1".
        paths: folders with the tree: the last one holds the suite, which lends nothing else; those before it go first
            on the module path.
        environment: variables that differ from this process's; an empty one is not set at all, nor pinned.
        python: the interpreter that runs it; None for this one.
        base: the folder that relative names of files start from; None for what this process has.

    """

    def __init__(
        self,
        label: str,
        paths: Sequence[Path],
        environment: Mapping[str, str] | None = None,
        *,
        python: Path | None = None,
        base: Path | None = None,
    ) -> None:
        self.label = label
        self._paths = paths
        self._changes = {**(environment or {}), **({} if base is None else {BASE: str(base)})}
        self._python = python
        self._launch()

    def _launch(self) -> None:
        unset = [name for name, value in self._changes.items() if not value]
        orders = {"paths": [str(path) for path in self._paths], "unset": unset, "protocol": PAIR_PROTOCOL}
        self._control, other = socket.socketpair()
        with other:
            handed = fcntl.fcntl(other, fcntl.F_DUPFD_CLOEXEC, 3)  # lower ones are free where a stream was closed
        errors = 2 if _is_open(2) else subprocess.DEVNULL
        try:
            with interrupts_put_off():
                self._process = subprocess.Popen(  # noqa: S603 - an interpreter on a file of this package
                    [self._python or sys.executable, str(PROGRAM), str(handed), json.dumps(orders)],
                    env=self._variables(unset),
                    pass_fds=[handed],
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    process_group=0,  # by which all that it leaves is ended; a terminal stops nothing of what is timed
                )
        finally:
            os.close(handed)
        self._answers = self._control.makefile("rb")
        self._ready = False

    def _variables(self, unset: Sequence[str]) -> dict[str, str]:
        """The server's environment."""
        left_out = {*unset, BEGUN, *(["PYTHONHOME"] if self._python else [])}  # which names this interpreter's library
        variables = {**os.environ, **SAFE, **padding(), **self._changes}
        return {name: value for name, value in variables.items() if name not in left_out}

    @property
    def server(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether its server runs."""
        return self._process.returncode is None and not self._has_hung_up()

    def _has_hung_up(self) -> bool:
        try:
            return bool(wait([self._control], 0)) and not self._control.recv(1, socket.MSG_PEEK)
        except OSError:  # in the middle of an order
            return True

    def wake(self) -> None:
        """Have the server go on, should somebody have stopped it: nobody but workers is stopped here."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGCONT)

    def renew(self) -> None:
        """A fresh server in place of this one, whose workers end with it.

        What a server hands to all its workers, such as where its memory lies, is drawn again.
        """
        self.close()
        self._launch()

    def close(self) -> None:
        """End it, its workers with it, and whatever processes their code has started."""
        if self._ready and self._process.returncode is None:
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)  # it ends all that it has started, and then itself
            wait([self._control], CLOSE_SECONDS)
        self._end()
        self._answers.close()
        self._control.close()

    def _await_end(self) -> None:
        """Let a server that has hung up end by itself: killed on its way out, it would have the exit code of that."""
        until = time.monotonic() + CLOSE_SECONDS
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT  # it stays to be waited for
        with suppress(ChildProcessError):  # it was waited for
            while os.waitid(os.P_PID, self._process.pid, ended) is None and time.monotonic() < until:
                time.sleep(0.01)

    def _end(self) -> int:
        """End what is left of it, by force; its exit code.

        Its process is waited for last: until then no other can get its id, which is that of its group too.
        """
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def __enter__(self) -> "TreeClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_until_ready(self) -> None:
        """Until it has imported torch and the tree's own modules.

        Raises:
            TreeError: the tree cannot be imported.
            NotComparableError: the tree is of a revision that speaks another protocol, or none; or it is the other
                interpreter that cannot import it.

        """
        if self._ready:
            return
        try:
            answer = self._hear(READY_SECONDS)
        except WorkerError as ended:
            raise self._refused(f"cannot be started: {ended.in_full}") from ended
        if "refused" in answer:
            self._end()  # nobody is to find it alive who tries again
            what = "cannot run this suite" if self._python else "cannot be imported"
            raise self._refused(f"{what}: {answer['refused']}; {self._remedy(answer.get('missing'))}")
        if (spoken := answer["protocol"]) != PAIR_PROTOCOL:
            theirs = f"version {spoken}" if spoken else "no known version"
            raise NotComparableError(
                f"{self.label} speaks {theirs} of the protocol between revisions (this one: {PAIR_PROTOCOL}): "
                "compare a revision that has the same"
            )
        self._ready = True

    def _refused(self, why: str) -> BenchError:
        """The error of a tree that does not run: no fault of its own under another interpreter."""
        return (NotComparableError if self._python else TreeError)(f"{self.label} {why}")

    def _remedy(self, missing: str | None) -> str:
        """What helps where the tree cannot be imported; `missing` is a module that is nowhere."""
        if not self._python:
            return "mend it, or compare another"
        if missing:
            return (
                f"install it there ({self._python} -m pip install {missing.partition('.')[0]}), or name another Python"
            )
        return "mend that environment, or name another Python"

    def start(self, entry: str, task: Any, path: Sequence[str] = ()) -> Worker:
        """A worker that runs the tree's function `entry` ("module:function") on `task`, in this process's folder.

        Args:
            entry: named as the tree names it.
            task: plain data; where the tree is this suite's own, whatever can be pickled.
            path: folders that the worker's module path goes on with, after all that it has.

        Raises:
            WorkerError: no process could be had.
            BenchError, NotComparableError: as `wait_until_ready`.

        """
        self.wait_until_ready()
        own, other = Pipe()
        _limit_stalls(own)
        read, write = os.pipe()
        sentinel = Connection(read, writable=False)
        order = {"start": entry, "path": [*path], "cores": sorted(_own_cores()), "folder": _folder()}
        try:
            answer = self._ask(order, [other.fileno(), write])
        except OSError as error:
            raise WorkerError("failed", f"the server of {self.label} has ended: {error}") from error
        finally:
            other.close()
            os.close(write)
        if "refused" in answer:
            raise WorkerError("failed", answer["refused"])
        worker = Worker(_Process(self, answer["pid"], sentinel), own)
        try:
            with suppress(OSError):  # it has ended, or is stopped: its pipe will tell
                worker.send(task)
        except BaseException:
            worker.__exit__()
            raise
        return worker

    def _ask(self, order: Mapping[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        """What it answers."""
        socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
        return self._hear(ANSWER_SECONDS)

    def _hear(self, timeout: float) -> dict[str, Any]:
        """Its next answer. Where that does not come the server is ended, or the next order would get this answer."""
        try:
            line = self._answers.readline() if self._answers_within(timeout) else None
        except ConnectionError:  # it ended in the middle of an order
            line = b""
        except BaseException:
            self._end()
            raise
        if line is None:
            self._end()
            raise WorkerError("timeout", f"no answer within {timeout:.0f} s")
        if not line:
            self._await_end()
            raise WorkerError("failed", f"its server ended with exit code {self._end()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _answers_within(self, timeout: float) -> bool:
        """Whether there is something to read in time; it is woken now and then."""
        until = time.monotonic() + timeout
        while not wait([self._control], max(0.0, min(WAKE_SECONDS, until - time.monotonic()))):
            if time.monotonic() >= until:
                return False
            self.wake()
        return True


class _Process:
    """A worker's process as `Worker` wants one; its server tells how it ended.

    Attributes:
        pid: its id.
        sentinel: can be read from once it has ended, or its server has.
        exitcode: how it ended, negative for a signal; None while nobody has told.
        left: how many processes its code had left running, which were ended.
        lost: whether its server ended before it, which took it along.

    """

    def __init__(self, client: TreeClient, pid: int, sentinel: "Connection[Any, Any]") -> None:
        self.pid, self.sentinel = pid, sentinel
        self.exitcode: int | None = None
        self.left = 0
        self.lost = False
        self._client = client

    def kill(self) -> None:
        """End it, unless it has ended: then its id may be another's."""
        if not wait([self.sentinel], 0):
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def join(self, timeout: float) -> None:
        """Wait for its end, and once more where its server had to be woken to tell it."""
        if self.exitcode is not None:
            return
        if not wait([self.sentinel], timeout):
            self._client.wake()
            if not wait([self.sentinel], timeout):
                return
        if text := os.read(self.sentinel.fileno(), 4096):
            ending: dict[str, int] = json.loads(text)
            self.exitcode, self.left = ending["exit"], ending["left"]
        else:
            self.exitcode, self.lost = -signal.SIGKILL, True


def _limit_stalls(connection: "Connection[Any, Any]") -> None:
    """Have reading and writing end where nothing moves any more: a worker may stop in the middle of a part."""
    with socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.setblocking(True)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            shared.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", STALL_SECONDS, 0))


def _own_cores() -> set[int]:
    """The cores that this process may use, which never imports torch; none where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _folder() -> str | None:
    """The working directory; None where it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return None


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
