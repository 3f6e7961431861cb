"""Attempts: a worker that ends while it tries the code of others is asked again, without what ended it."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.process.executor import TaskStarter, talk
from bench.process.worker import WorkerError


def ask(
    starter: TaskStarter, entry: str, task_without: Callable[[Mapping[str, str]], Any], patience: float
) -> dict[str, Any]:
    """What a worker answers, by kind.

    Args:
        starter: of the workers.
        entry: a function that sends "trying" before it tries the code of others.
        task_without: the task, given what is not to be tried again and how that ended.
        patience: seconds for each worker.

    Raises:
        WorkerError: it ended otherwise.

    """
    left_out: dict[str, str] = {}
    blameless = True  # until something from outside has ended one worker
    while True:
        parts, ended = _answers(starter, entry, task_without(left_out), patience)
        tried = parts.get("trying", "")
        if ended is None:
            return parts
        if ended.outside and blameless:
            blameless = False
        elif tried and tried not in left_out:
            left_out = {**left_out, tried: ended.reason}
        else:
            raise ended


def _answers(starter: TaskStarter, entry: str, task: Any, patience: float) -> tuple[dict[str, Any], WorkerError | None]:
    """What came, and the error that the worker ended with; to end well amid an attempt is one too."""
    parts: dict[str, Any] = {}
    try:
        parts.update(talk(starter, entry, task, patience))
    except WorkerError as ended:
        return parts, ended
    return parts, WorkerError("failed", "the worker ended by itself with exit code 0") if parts.get("trying") else None
