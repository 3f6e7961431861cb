"""Channel: what a worker says to its parent and hears from it, one (kind, payload) pair of plain data at a time."""

from multiprocessing.connection import Connection
from typing import Any


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
