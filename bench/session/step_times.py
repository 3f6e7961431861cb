"""Step times: a step of the user's own, timed in fresh processes one after the other; nothing is recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bench.errors import BenchError
from bench.plan.plan import Plan
from bench.plan.step import StepSource
from bench.process import entries
from bench.process.executor import open_executor, talk
from bench.process.handed import with_objects
from bench.process.messages import StepFacts, StepTimes
from bench.process.step_task import task_of
from bench.process.worker import WorkerError
from bench.store.warning import Warning
from bench.text import duration


@dataclass(frozen=True, slots=True)
class TimedStep:
    """What the processes gave.

    Attributes:
        facts: what the step turned out to be in the first of them.
        processes: the times of each.

    """

    facts: StepFacts
    processes: tuple[StepTimes, ...]


def time_step(source: StepSource, *, repeats: int, blocks: int, threads: int, device: str, timeout: float) -> TimedStep:
    """Time a step.

    Args:
        source: of the step.
        repeats: how many processes.
        blocks: of at least 0.1 s, in each.
        threads: CPU threads; 0 for all usable cores.
        device: what it runs on; "" to find out.
        timeout: seconds after which a process is given up.

    Raises:
        BenchError: it cannot be had, raises, or takes too long.

    """
    task = task_of(source, device=device, threads=threads)
    task["blocks"] = blocks
    entry, order = with_objects(source.handed, entries.STEP_TIMES, task)
    facts, processes = [], []
    with open_executor(replace(Plan(), devices=(device,)) if device else None) as executor:
        for _ in range(repeats):
            parts = _answer(talk(executor, entry, order, timeout), source.label, timeout)
            if "times" not in parts:
                raise BenchError(str(parts.get("failed", f"{source.label}: the worker gave no times")))
            facts.append(parts["facts"])
            processes.append(_with_its_end(parts["times"], parts.get("failed")))
    return TimedStep(facts[0], tuple(processes))


def _answer(talked: Iterable[tuple[str, Any]], label: str, timeout: float) -> dict[str, Any]:
    """What a process said, by kind; "failed" is why it ended early, in one line."""
    parts: dict[str, Any] = {}
    try:
        for part in talked:
            parts.update([part])  # one by one, so that they stay where it ends early
    except WorkerError as ended:
        late = f"a process took more than {duration(timeout)}: have the step set less up, or allow more by timeout"
        parts["failed"] = f"{label}: {late if ended.status == 'timeout' else ended.reason}"
    return parts


def _with_its_end(times: StepTimes, failed: str | None) -> StepTimes:
    """The times, with what went wrong after they were taken: as the step was closed."""
    if failed is None:
        return times
    return {**times, "warnings": [*times["warnings"], Warning("step", "not closed", None, failed).to_dict()]}
