"""Step starter: starts workers on a step of the user's own; a value travels through their pipes and nowhere else."""

from typing import Protocol

from bench.plan.step import StepSource
from bench.process.messages import StepTask
from bench.process.worker import Worker, WorkerError


class Host(Protocol):
    """Who starts workers that can be talked to, such as a `TreeClient`."""

    def start(self, entry: str, task: StepTask) -> Worker:
        """A fresh worker that runs the function `entry` on `task`."""


class StepStarter:
    """Starts workers for one step.

    Args:
        host: who has the processes.
        source: of the step.

    """

    def __init__(self, host: Host, source: StepSource) -> None:
        self._host, self._source = host, source

    def start(self, entry: str, task: StepTask) -> Worker:
        """A worker that runs the function `entry` on `task`, and has the value of a step that goes by value.

        Raises:
            WorkerError: no process could be had, or it ended before it had the value.

        """
        worker = self._host.start(entry, task)
        if not self._source.text:
            try:
                worker.send(self._source.pickled)
            except OSError as error:
                worker.__exit__()
                raise WorkerError("failed", f"the worker has ended: {error}") from error
        return worker


def task_of(source: StepSource, *, device: str = "", threads: int = 1, inject: float = 0.0) -> StepTask:
    """What a worker is asked; see `StepTask`."""
    return StepTask(
        label=source.label,
        text=source.text,
        base=source.base,
        path=list(source.path),
        shared=source.shared,
        device=device,
        threads=threads,
        inject=inject,
    )
