"""Channel: what a worker sends to its parent and receives, one (kind, payload) pair of plain data at a time.

Both ends may be of different revisions: see bench/process/CONTRACT.md before changing anything here.
"""

import os
from multiprocessing.connection import Connection
from typing import Any

# The version of what the two sides of an A/B comparison receive and answer. Each side runs the code of its own
# revision: raise it when anything changes that CONTRACT.md names under "Between revisions".
PAIR_PROTOCOL = 2


class HungUpError(OSError):
    """The parent cannot be reached: the pipe is closed on one of its ends."""


class Channel:
    """The worker's end of the pipe. A copy of the worker that its code forked has no say: it ends at its first word."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._worker = os.getpid()

    def send(self, kind: str, payload: Any) -> None:
        """Hand something over to the parent.

        Raises:
            HungUpError: it cannot be reached.

        """
        if os.getpid() != self._worker:
            os._exit(0)
        try:
            self._connection.send((kind, payload))
        except OSError as error:
            raise HungUpError(str(error)) from error

    def receive(self) -> Any:
        """Wait for the parent's next message."""
        return self._connection.recv()
