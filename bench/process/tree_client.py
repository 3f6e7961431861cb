"""Tree client: a server of its own for one source tree and environment; the workers it starts run that tree's code."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from bench.errors import BenchError, NotComparableError
from bench.process.channel import PAIR_PROTOCOL
from bench.process.layout import padding
from bench.process.worker import Worker, WorkerError, interrupts_put_off, own_cores

PROGRAM = Path(__file__).with_name("tree_server.py")
READY_SECONDS = 120.0  # importing torch from a cold disk
ANSWER_SECONDS = 30.0


class TreeClient:
    """To be used as a context, at whose end it and its workers have ended.

    Args:
        label: what it stands for, in an error's words: "revision HEAD~1".
        paths: folders put first on the module path, the tree's own first.
        environment: variables that differ from this process's; an empty one is not set at all, nor pinned.

    """

    def __init__(self, label: str, paths: Sequence[Path], environment: Mapping[str, str] | None = None) -> None:
        self.label = label
        self._paths = paths
        self._changes = dict(environment or {})
        self._launch()

    def _launch(self) -> None:
        unset = [name for name, value in self._changes.items() if not value]
        variables = {
            name: value for name, value in {**os.environ, **padding(), **self._changes}.items() if name not in unset
        }
        paths, cores = [str(path) for path in self._paths], sorted(own_cores() or ())
        orders = json.dumps({"paths": paths, "unset": unset, "protocol": PAIR_PROTOCOL, "cores": cores})
        self._control, other = socket.socketpair()
        with interrupts_put_off():
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter on a file of this package
                [sys.executable, "-P", str(PROGRAM), str(other.fileno()), orders],
                env=variables,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_descriptor(sys.stderr) else subprocess.DEVNULL,
            )
        other.close()
        self._answers = self._control.makefile("rb")
        self._ready = False

    @property
    def server(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    def renew(self) -> None:
        """A fresh server in place of this one, whose workers end with it.

        What a server hands to all its workers, such as where its memory lies, is drawn again.
        """
        self.__exit__()
        self._launch()

    def __enter__(self) -> "TreeClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # its workers follow it
        self._process.wait()
        self._answers.close()
        self._control.close()

    def wait_until_ready(self) -> None:
        """Until it has imported torch and the tree's own modules.

        Raises:
            BenchError: the tree cannot be imported.
            NotComparableError: the tree is of a revision that speaks another protocol, or none.

        """
        if self._ready:
            return
        try:
            answer = self._hear(READY_SECONDS)
        except WorkerError as ended:
            raise BenchError(f"{self.label} cannot be started: {ended.reason}; see the messages above") from ended
        if "refused" in answer:
            raise BenchError(f"{self.label} cannot be imported: {answer['refused']}; mend it, or compare another")
        if (spoken := answer["protocol"]) != PAIR_PROTOCOL:
            theirs = f"version {spoken}" if spoken else "no known version"
            raise NotComparableError(
                f"{self.label} speaks {theirs} of the protocol between revisions (this one: {PAIR_PROTOCOL}): "
                "compare a revision that has the same"
            )
        self._ready = True

    def start(self, entry: str, task: Any) -> Worker:
        """A worker that runs the tree's function `entry` ("module:function") on `task`, plain data.

        Raises:
            WorkerError: no process could be had.
            BenchError, NotComparableError: as `wait_until_ready`.

        """
        self.wait_until_ready()
        own, other = Pipe()
        order = json.dumps({"start": [entry, task]}).encode()
        try:
            socket.send_fds(self._control, [order], [other.fileno()])
            pid = self._hear(ANSWER_SECONDS)["pid"]
        except OSError as error:
            raise WorkerError("failed", f"the server of {self.label} has ended: {error}") from error
        finally:
            other.close()
        return Worker(_Process(self, pid), own)

    def exit_of(self, pid: int, patience: float) -> int | None:
        """How a worker ended; None while it runs."""
        try:
            self._control.sendall(json.dumps({"end": pid, "patience": patience}).encode())
            code: int | None = self._hear(patience + ANSWER_SECONDS)["exit"]
        except (OSError, WorkerError):  # the server has ended, and its workers with it
            return -signal.SIGKILL
        return code

    def _hear(self, timeout: float) -> dict[str, Any]:
        """Its next answer."""
        self._control.settimeout(timeout)
        try:
            line = self._answers.readline()
        except TimeoutError as error:
            raise WorkerError("timeout", f"no answer within {timeout:.0f} s") from error
        if not line:
            raise WorkerError("failed", f"its server ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class _Process:
    """A worker's process as `Worker` wants one; it ends with the server that forked it."""

    def __init__(self, client: TreeClient, pid: int) -> None:
        self.pid = pid
        self._exitcode: int | None = None
        self._client = client
        self._server = client.server

    @property
    def exitcode(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        if self._exitcode is None and self._client.server != self._server:
            self._exitcode = -signal.SIGKILL
        return self._exitcode

    def kill(self) -> None:
        """End it, unless it has ended: then its id may be another's."""
        if self.exitcode is None:
            os.kill(self.pid, signal.SIGKILL)

    def join(self, timeout: float) -> None:
        """Wait for its end."""
        if self.exitcode is None:
            self._exitcode = self._client.exit_of(self.pid, timeout)


def _has_descriptor(stream: Any) -> bool:
    try:
        return bool(stream.fileno() >= 0)
    except (OSError, ValueError, AttributeError):  # a test's capture, or none at all
        return False
