"""Spawned: fresh processes where the system cannot fork: each imports torch for itself, which takes seconds."""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from bench.process.layout import padding
from bench.process.worker import ENVIRONMENT, HERE, Worker, WorkerError
from bench.process.worker_main import work


class Spawned:
    """Fresh worker processes, each started from nothing. One task at a time: a second would disturb what is timed."""

    slots = 1
    nodes: tuple[str, ...] = (HERE,)
    problems: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._context: Any = multiprocessing.get_context("spawn")  # typed as a base that lacks Process

    def prepare(self) -> None:
        """Nothing: what one process imports helps no other."""

    def renew(self) -> None:
        """Nothing: no process hands anything down to another."""

    def close(self) -> None:
        """Nothing: each worker ends with its context."""

    def start(self, entry: str, task: Any) -> Worker:
        """A worker that runs the function `entry` ("module:function") on `task`.

        Raises:
            WorkerError: the system gives no process.

        """
        own, other = self._context.Pipe()
        process = self._context.Process(target=work, args=(other, entry, task), daemon=True)
        try:
            with _environment(), _without_main():
                process.start()
        except (EOFError, OSError) as error:
            raise WorkerError("failed", f"no worker could be started: {error}") from error
        other.close()
        process.left, process.lost = 0, False  # it has no server that would tell
        return Worker(process, own)


@contextmanager
def _environment() -> Iterator[None]:
    """The environment of a worker, put back afterwards; what the user set stays."""
    wanted = {**ENVIRONMENT, "BENCH_START_METHOD": "spawn", **padding()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if name not in os.environ})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


@contextmanager
def _without_main() -> Iterator[None]:
    """Have the process that is started import nobody's main module.

    The caller's script may have no guard, and would measure again in each worker; what it imports would be part of
    what is measured. A worker needs none of it: it is told a function by name and a task of this package's types.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
