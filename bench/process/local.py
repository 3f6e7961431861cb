"""Local: fresh worker processes on this machine, forked from a tree server of the suite that runs now."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.process.tree_client import TreeClient
from bench.process.worker import HERE, Worker, WorkerError

OWN = Path(__file__).parents[2]  # holds the suite that runs now
START_ATTEMPTS, START_PAUSE = 3, 0.2  # the server may have been killed a moment ago; seconds between


@dataclass(slots=True)
class _Server:
    """A server of this process.

    Attributes:
        client: speaks with it.
        environment: of this process when it was started; a server keeps that.
        timed: whether a round of a run has been forked from it.

    """

    client: TreeClient
    environment: Mapping[str, str]
    timed: bool = False


# The server of the executor that was closed last, for the next one of this process: importing torch takes 3 s.
_kept: list[_Server] = []


class Workers:
    """Fresh worker processes, forked from one server that has imported torch but run no operator.

    One task at a time: a second would disturb what is timed. The server starts when it is first needed, and starts
    again where it was ended from outside.
    """

    slots = 1
    nodes: tuple[str, ...] = (HERE,)
    problems: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._server: _Server | None = None

    def prepare(self) -> None:
        """Have the server import torch meanwhile; the first worker starts it otherwise."""
        with suppress(OSError):  # whoever starts the first worker is told
            self._serving()

    def renew(self) -> None:
        """Have what is timed from now on forked from a server that nothing was timed on: it imports torch meanwhile.

        No worker may be at work.
        """
        with suppress(BenchError, OSError):  # whoever starts the next worker is told
            server = self._serving()
            if server.timed:
                server.client.close()
                self._server = _started(timed=True)
                self._server.client.wait_until_ready()
            server.timed = True

    def start(self, entry: str, task: Any) -> Worker:
        """A worker that runs the function `entry` ("module:function") on `task`.

        Its module path goes on with this process's own, after what it has itself: no file of the user's stands in for
        a module of Python, of the suite or of what is installed.

        Raises:
            WorkerError: the system gives no process.

        """
        path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100 - "" is the one that one stands in
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                return self._serving().client.start(entry, task, path)
            except (BenchError, OSError, WorkerError) as error:
                if attempt == START_ATTEMPTS:
                    raise _refused(error) from error
                time.sleep(START_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Keep the server for the next executor of this process, with whose end it ends."""
        if self._server is not None:
            while _kept:
                _kept.pop().client.close()
            _kept.append(self._server)
            self._server = None

    def _serving(self) -> _Server:
        """The server: the one there is, the one that was kept, or a new one."""
        if self._server is None:
            self._server = _taken_over() or _started()
        elif not self._server.client.is_alive():
            self._server.client.close()
            self._server = _started(timed=self._server.timed)
        return self._server


def _refused(error: BenchError | OSError | WorkerError) -> WorkerError:
    """That no worker could be started, with what helps where that is known."""
    reason = error.in_full if isinstance(error, WorkerError) else str(error)
    return WorkerError("failed", f"no worker could be started: {reason}", remedied=not isinstance(error, OSError))


def _started(*, timed: bool = False) -> _Server:
    return _Server(TreeClient("this suite", (OWN,)), _environment(), timed)


def _taken_over() -> _Server | None:
    """The server that was kept, if it would be started alike now."""
    with suppress(IndexError):
        while server := _kept.pop():
            if server.client.is_alive() and server.environment == _environment():
                return server
            server.client.close()
    return None


def _environment() -> Mapping[str, str]:
    """What a server is started with, but for what pytest changes with each test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
