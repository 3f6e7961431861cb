"""Starts: how long fresh processes take until a compiled step runs, with what another one left: warm, and restored."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.compiled import is_compiled
from bench.plan.plan import Plan
from bench.plan.task import StartTask, Task
from bench.process import entries
from bench.process.executor import Executor, talk
from bench.process.worker import HERE, WorkerError
from bench.store.result import Measurement
from bench.store.warning import Warning


def check_starts(plan: Plan, cells: Collection[Cell], executor: Executor) -> None:
    """See that starts can be told where they are asked for.

    Raises:
        BenchError: nothing is compiled or timed, or a cell's processes need not be on one machine.

    """
    if not plan.starts:
        return
    if not plan.blocks or not any(map(is_compiled, cells)):
        raise BenchError("--starts is about compiled cells, and there is none: add --modes compile, or leave it out")
    if executor.nodes != (HERE,):
        raise BenchError("--starts needs what one process keeps for the next on this machine: leave it out")


@contextmanager
def kept_for(task: Task) -> Iterator[str]:
    """A folder that outlives the task's worker, for what it compiles; "" where no start comes after it."""
    if not task.starts:
        yield ""
        return
    with TemporaryDirectory(prefix="bench-") as folder:
        yield folder


def starts_of(task: Task, artifacts: bytes, executor: Executor) -> tuple[list[Measurement], list[Warning]]:
    """Start the task's cell in two fresh processes: with the folder that its own worker left, and with an empty one.

    Into the latter goes what that worker handed over, its `artifacts`. A start that fails is a warning.
    """
    measurements, warnings = [], []
    with TemporaryDirectory(prefix="bench-") as empty:
        for metric, caches, restored in (
            ("compile_time_warm", task.caches, b""),
            ("compile_time_restored", empty, artifacts),
        ):
            if caches == empty and not restored:
                warnings.append(_not_known(metric, "torch handed over nothing to restore"))
                continue
            again = StartTask(task.cell, caches, restored, task.data_dir, task.left_out)
            try:
                seconds = _started(again, task.timeout, executor)
            except WorkerError as ended:
                warnings.append(_not_known(metric, ended.reason))
            else:
                measurements.append(Measurement.of_value(metric, seconds, "single", task.cell.threads))
    return measurements, warnings


def _not_known(metric: str, reason: str) -> Warning:
    return Warning("phases", "start not known", None, f"{metric.replace('_', ' ')} is not known: {reason}")


def _started(task: StartTask, timeout: float, executor: Executor) -> float:
    answers: dict[str, Any] = dict(talk(executor, entries.COMPILE_START, task, timeout))
    if "started" not in answers:
        raise WorkerError("failed", answers.get("failed", "the worker ended without an answer"))
    return float(answers["started"])
