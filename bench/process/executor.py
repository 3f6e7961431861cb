"""Executor: where workers run, on this machine or elsewhere, behind one small interface; each kind has a name."""

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol, Self

from bench.errors import BenchError, unknown
from bench.plan.plan import Plan
from bench.process.local import Workers
from bench.process.spawned import Spawned


class Running(Protocol):
    """A task at work in a fresh process; to be used as a context, at whose end the process has ended too."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def receive(self, timeout: float) -> tuple[str, Any] | None:
        """The next (kind, payload) it sends, or None when it has ended as it should.

        Raises:
            WorkerError: nothing came within `timeout` seconds, or the process crashed or was killed.

        """


class TaskStarter(Protocol):
    """Who starts fresh processes for tasks."""

    def start(self, entry: str, task: Any) -> Running:
        """Run the function `entry` ("module:function") as `function(task, channel)` in a fresh process.

        What the function sends through its channel is what `receive` gives. It shares no folder with this process:
        files come as parts ("file", (kind, name, bytes)).

        Raises:
            WorkerError: no process could be had.

        """


class Executor(TaskStarter, Protocol):
    """A starter for whole runs; every question of a run, from its catalogue to its ceilings, is asked through it.

    The `data_dir` of a task is a folder on the node where the task runs, which reads data sets from it and downloads
    them into it; this process never opens it.

    Attributes:
        slots: how many tasks may run at once; where it is more than 1, `start` is called by several threads.
        nodes: names of the machines that tasks run on; HERE is this one.
        problems: what a person should know of them before anything is measured, a sentence each.

    """

    slots: int
    nodes: tuple[str, ...]
    problems: tuple[str, ...]

    def prepare(self) -> None:
        """Begin whatever takes long before a first task can start, and return at once."""

    def renew(self) -> None:
        """Have tasks from now on share nothing with those before, such as where a server's memory lies.

        It is called before each round of a run, while no task runs. Nothing, where tasks share no process.
        """

    def close(self) -> None:
        """End all that was started and still runs."""


START_METHOD = "fork" if hasattr(os, "fork") else "spawn"
UNFORKABLE = sys.platform == "darwin"  # there a process that was forked cannot use Metal, and so no device but the host
RAY = "bench.cluster.executor"  # which has `open_cluster`; by its name: that room stands above this one


def _local(plan: Plan) -> Executor:
    if plan.address != Plan().address:
        raise BenchError(f"--address {plan.address} is of a Ray cluster: add --executor ray, or leave it out")
    beside_host = set(plan.devices) - set(Plan().devices)
    return Spawned() if START_METHOD == "spawn" or (UNFORKABLE and beside_host) else Workers()


def _ray(plan: Plan) -> Executor:
    executor: Executor = importlib.import_module(RAY).open_cluster(plan)
    return executor


EXECUTORS: dict[str, Callable[[Plan], Executor]] = {"local": _local, "ray": _ray}


@contextmanager
def open_executor(plan: Plan | None = None) -> Iterator[Executor]:
    """The executor that a plan names, until the end of the block; the local one where there is no plan.

    Raises:
        BenchError: there is none of that name, or it cannot be had.

    """
    plan = plan or Plan()
    if plan.executor not in EXECUTORS:
        raise unknown("executor", plan.executor, EXECUTORS, "run --help")
    with closing(EXECUTORS[plan.executor](plan)) as executor:
        yield executor


def talk(starter: TaskStarter, entry: str, task: Any, timeout: float) -> Iterator[tuple[str, Any]]:
    """What a fresh worker sends within `timeout` seconds, part by part, until it ends.

    Raises:
        WorkerError: it timed out, crashed or was killed; what it sent before has been handed over.

    """
    with starter.start(entry, task) as running:
        deadline = time.monotonic() + timeout
        while (part := running.receive(deadline - time.monotonic())) is not None:
            yield part
