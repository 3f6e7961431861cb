"""Fleet: which node a task gets: a free one, of the kind of machine that its cell was measured on before."""

from collections.abc import Hashable, Iterable
from threading import Condition

from bench.cluster.nodes import Node
from bench.errors import BenchError
from bench.text import joined

NONE_LEFT = "no node is left"


class Fleet:
    """The nodes of a run, each taken by one task at a time; several threads may ask at once.

    Nodes of one kind stand for each other. Where there are several kinds, a cell keeps to the first that it was given,
    as long as one of it is left, so that its repeats are of like machines.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._left = list(nodes)
        self._free = list(self._left)
        self._lost: list[str] = []
        self._homes: dict[Hashable, str] = {}
        self._changed = Condition()

    def take(self, key: Hashable = None) -> Node:
        """A node, once one is free, until it is given back.

        Args:
            key: what keeps to one kind of machine; None where it matters to nobody.

        Raises:
            BenchError: no node is left.

        """
        with self._changed:
            while (node := self._free_for(key)) is None:
                self._changed.wait()
            self._free.remove(node)
            if key is not None:
                self._homes[key] = node.machine
            return node

    def give_back(self, node: Node) -> None:
        """The task on the node has ended."""
        with self._changed:
            if node in self._left:
                self._free.append(node)
                self._changed.notify_all()

    def lose(self, node: Node) -> None:
        """The node has vanished: no task gets it again."""
        with self._changed:
            if node in self._left:
                self._left.remove(node)
                self._lost.append(node.name)
            if node in self._free:
                self._free.remove(node)
            self._changed.notify_all()

    def _free_for(self, key: Hashable) -> Node | None:
        if not self._left:
            raise BenchError(
                f"{NONE_LEFT} of the cluster: {joined(self._lost)} vanished; what was measured is kept: start nodes, "
                "and go on with --resume"
            )
        home = self._homes.get(key)
        if home not in {node.machine for node in self._left}:
            home = None
        return next((node for node in self._free if home in (None, node.machine)), None)
