"""Executor: tasks on the nodes of a Ray cluster, one at a time on each; what a node that vanished had begun is told."""

import os
from collections.abc import Hashable
from math import inf
from typing import Any, Self

from bench.cluster.fleet import Fleet
from bench.cluster.gateway import CrashError, Gateway, Parts
from bench.cluster.nodes import (
    RESOURCE,
    START_NODE,
    WITH_GPU,
    Node,
    check_software,
    look_around,
    named,
    software,
    unlike,
)
from bench.cluster.on_node import BEGUN, ENDED, Order
from bench.cluster.parcels import packed
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.ranks import kin
from bench.process.worker import WorkerError
from bench.text import plural

# Ray sets it to the cores that a task asks for; a worker has what this machine has, or nothing.
THREADS = "OMP_NUM_THREADS"


def open_cluster(plan: Plan) -> "RayExecutor":
    """The nodes of the plan's cluster that have the devices which it asks for.

    Raises:
        BenchError: there is no such cluster, none of its nodes can be used, or the plan cannot be measured on nodes.

    """
    if plan.download:
        raise BenchError("--download fetches data onto this machine alone: run it once with --executor local before")
    gateway = Gateway(plan.address)
    try:
        nodes, problems = survey(gateway, plan)
        return RayExecutor(gateway, plan, nodes, problems)
    except BaseException:
        gateway.close()
        raise


def survey(gateway: Gateway, plan: Plan) -> tuple[list[Node], tuple[str, ...]]:
    """The nodes to measure on, and what a person should know of them.

    Raises:
        BenchError: there is none, or they cannot be used together.

    """
    offered = [(number, resources) for number, resources in gateway.nodes() if resources.get(RESOURCE)]
    if not offered:
        raise BenchError(f"no node of the cluster at {plan.address} offers {RESOURCE}: start each with {START_NODE}")
    for number, resources in offered:
        if resources[RESOURCE] != 1:
            raise BenchError(
                f"node {number[:6]} offers {resources[RESOURCE]:g} {RESOURCE}: cells would share it; offer 1"
            )
    gpus = gpus_of(plan)
    fit = [number for number, resources in offered if resources.get("GPU", 0) >= gpus]
    if not fit:
        raise BenchError(
            f"no node of the cluster at {plan.address} has {plural(gpus, 'GPU')}: "
            "start one with ray start --num-gpus, or leave cuda out of --devices"
        )
    facts = list(zip(fit, gateway.ask(fit, look_around), strict=True))
    nodes = named(facts)
    check_software(software(), zip(nodes, (each for _, each in facts), strict=True))
    left_out = len(offered) - len(fit)
    fewer = f"{plural(left_out, 'node')} left out for want of {plural(gpus, 'GPU')}" if left_out else ""
    return nodes, tuple(problem for problem in (unlike(nodes), fewer) if problem)


def gpus_of(plan: Plan) -> int:
    """How many GPUs a node needs: up to the last that the plan names, and those of further ranks after it."""
    kinds = (device.partition(":") for device in plan.devices)
    numbers = (number for kind, _, number in kinds if kind in WITH_GPU)
    ranks = max(plan.world_sizes)
    return max((int(number or 0) + ranks for number in numbers if (number or "0").isdigit()), default=0)


class RayExecutor:
    """An executor whose tasks run on nodes.

    Args:
        gateway: to the cluster.
        plan: whose files are sent there.
        nodes: to run on.
        problems: what a person should know of them.

    """

    def __init__(self, gateway: Gateway, plan: Plan, nodes: list[Node], problems: tuple[str, ...] = ()) -> None:
        self.slots, self.problems = len(nodes), problems
        self.nodes = tuple(node.name for node in nodes)
        self._gateway, self._all, self._fleet = gateway, nodes, Fleet(nodes)
        self._plan, self._gpus = plan, gpus_of(plan)
        self._parcel = packed(plan, gateway.put)
        self._round = 0
        self._running: set[OnNode] = set()

    def prepare(self) -> None:
        """Have a server on each node import torch meanwhile."""
        for node in self._all:
            self._gateway.warm_up(node, self._order("", None), self._gpus)

    def renew(self) -> None:
        """Have each node renew its server before its next task."""
        self._round += 1

    def start(self, entry: str, task: Any) -> "OnNode":
        """Run the entry on a node, once one is free and no other run is measuring there.

        Raises:
            WorkerError: the node gives no process, or vanished.
            BenchError: no node is left.

        """
        node = self._fleet.take(_key(task, self._plan))
        try:
            parts = self._gateway.begin(node, self._order(entry, task), self._gpus)
        except BaseException:
            self._fleet.give_back(node)
            raise
        running = OnNode(node, parts, self._gateway, self._fleet)
        self._running.add(running)
        try:
            running.await_begin()
        except BaseException:
            self._end(running)
            raise
        running.ended = self._running.discard
        return running

    def close(self) -> None:
        """End what still runs, and leave the cluster."""
        for running in list(self._running):
            self._end(running)
        self._gateway.close()

    def _end(self, running: "OnNode") -> None:
        self._running.discard(running)
        running.__exit__()

    def _order(self, entry: str, task: Any) -> Order:
        environment = {THREADS: os.environ.get(THREADS, "")}
        return Order(entry=entry, task=task, round=self._round, parcel=self._parcel, environment=environment)


class OnNode:
    """A task at work on a node; to be used as a context, at whose end it has ended there.

    Args:
        node: where.
        parts: what it sends.
        gateway: to the cluster.
        fleet: whose node it is.

    """

    def __init__(self, node: Node, parts: Parts, gateway: Gateway, fleet: Fleet) -> None:
        self._node, self._parts, self._gateway, self._fleet = node, parts, gateway, fleet
        self._is_over = self._is_named = self._is_left = False
        self.ended: Any = lambda _: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_left:
            return
        self._is_left = True
        if not self._is_over:
            self._parts.cancel()
        self._fleet.give_back(self._node)
        self.ended(self)

    def await_begin(self) -> None:
        """Until its worker has been forked, however long another run measures there.

        Raises:
            WorkerError: there will be none.

        """
        part = self._next(inf)
        if part is None or part[0] != BEGUN:
            raise WorkerError("failed", f"node {self._node.name} ended the task before it began", outside=True)

    def receive(self, timeout: float) -> tuple[str, Any] | None:
        """As of `bench.process.executor.Running`; the node's name comes first.

        Raises:
            WorkerError: as there; or the node vanished.

        """
        if not self._is_named:
            self._is_named = True
            return "node", self._node.name
        return self._next(timeout)

    def _next(self, timeout: float) -> tuple[str, Any] | None:
        try:
            part = self._parts.next(timeout)
        except TimeoutError as error:
            raise WorkerError("timeout", "no end in time; allow more with --timeout") from error
        except CrashError as error:
            self._is_over = True
            raise self._crashed(str(error)) from error
        if part is not None and part[0] == ENDED:
            status, reason, outside = part[1]
            self._is_over = True
            raise WorkerError(status, reason, outside=outside)
        self._is_over = part is None
        return part

    def _crashed(self, reason: str) -> WorkerError:
        """What to say where nothing will come any more, and whether the node is to blame."""
        name = self._node.name
        if self._is_left or self._gateway.answers(self._node):
            return WorkerError("failed", f"Ray's process on node {name} ended ({reason})", outside=True)
        self._fleet.lose(self._node)
        return WorkerError("failed", f"node {name} vanished ({reason})", outside=True, lost=name)


def _key(task: Any, plan: Plan) -> Hashable:
    """What keeps to machines of one kind: a configuration, whose seeds and repeats are pooled, whatever its ranks."""
    cell: Cell | None = getattr(getattr(task, "task", task), "cell", None)
    return cell and kin(cell.configuration, plan)
