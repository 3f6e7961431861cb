"""Executor: visits a cell and returns its result, whatever happens to the worker."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from bench.execute.worker import WorkerError, Workers
from bench.plan.visit import Visit
from bench.store.result import Measurement, Result

Told = Callable[[str], None]


class Executor(Protocol):
    """Where visits are made: on this machine, or elsewhere."""

    def visit(self, task: Visit, told: Told) -> Result:
        """Make the visit; `told` hears what is being done. Never raises for what a cell does."""


class LocalExecutor:
    """Each visit in a fresh process on this machine, one at a time."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def visit(self, task: Visit, told: Told) -> Result:
        """Make the visit; parts measured before a worker ended are kept."""
        started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        parts: dict[str, list[Any]] = {}
        status, reason = "failed", None
        try:
            for kind, payload in self._workers.talk("bench.measure.visit:visit", task, task.timeout):
                if kind == "stage":
                    told(payload)
                parts.setdefault(kind, []).append(payload)
            status, reason = parts.get("status", [("failed", "the worker ended without saying how it went")])[-1]
        except WorkerError as ended:
            status, reason = ended.status, f"{ended.reason} (while measuring: {parts.get('stage', ['start'])[-1]})"
        return Result(
            cell=task.cell,
            status=status,
            reason=reason,
            generation=task.generation,
            measurements=tuple(Measurement.from_dict(one) for found in parts.get("measurements", []) for one in found),
            blocks=tuple(block for found in parts.get("blocks", []) for block in found),
            training=parts.get("training", [None])[-1],
            system=parts.get("system", [{}])[-1],
            warnings=tuple(parts.get("warning", [])),
            started=started,
            seconds=time.monotonic() - clock,
        )
