"""Channel: what a worker says to its parent and hears from it, one (kind, payload) pair of plain data at a time."""

from multiprocessing.connection import Connection
from typing import Any

# The version of what the two sides of an A/B comparison are told and answer (`bench.worker.ab_side`). Each side runs the
# code of its own revision, so this is a contract between revisions: raise it when a word or a payload changes.
DUET_PROTOCOL = 2


class Channel:
    """The worker's end of the pipe."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection

    def send(self, kind: str, payload: Any) -> None:
        """Hand something over to the parent."""
        self._connection.send((kind, payload))

    def receive(self) -> Any:
        """Wait for the parent's next word."""
        return self._connection.recv()
