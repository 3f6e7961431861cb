"""Executor: visits a cell and returns its result, whatever happens to the worker."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from bench.plan.cell import Cell
from bench.plan.task import Visit
from bench.process.worker import WorkerError, Workers
from bench.store.result import Measurement, Result
from bench.vocabulary import Status

Told = Callable[[str], None]


class Executor(Protocol):
    """Where visits are made: on this machine, or elsewhere."""

    def visit(self, task: Visit, told: Told) -> Result:
        """Make the visit; `told` hears what is being done. Never raises for what a cell does."""


class LocalExecutor:
    """Each visit in a fresh process on this machine, one at a time.

    Args:
        workers: who starts the processes.
        traces: the folder under which each cell that is profiled has a folder for its trace.
        weights: the folder for the cells' best weights.

    """

    def __init__(self, workers: Workers, traces: Path = Path("traces"), weights: Path = Path("checkpoints")) -> None:
        self._workers = workers
        self._traces = traces
        self._weights = weights

    def visit(self, task: Visit, told: Told) -> Result:
        """Make the visit; parts measured before a worker ended are kept."""
        started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        parts: dict[str, list[Any]] = {}
        status: Status = "failed"
        reason: str | None = None
        task = replace(task, traces=str((self._traces / folder_of(task.cell)).absolute())) if task.profile else task
        if task.checkpoint:
            task = replace(task, weights=str((self._weights / f"{folder_of(task.cell)}.pt").absolute()))
        try:
            for kind, payload in self._workers.talk("bench.worker.cell:visit", task, task.timeout):
                if kind == "stage":
                    told(payload)
                parts.setdefault(kind, []).append(payload)
            status, reason = parts.get("status", [("failed", "the worker ended without saying how it went")])[-1]
        except WorkerError as ended:
            if "status" in parts:  # all was measured by then, and only the profile is lost
                status, reason = parts["status"][-1]
                parts.setdefault("warning", []).append(f"profile: no profile, {ended.reason}")
            else:
                status, reason = ended.status, f"{ended.reason} (while measuring: {parts.get('stage', ['start'])[-1]})"
        return Result(
            cell=task.cell,
            status=status,
            reason=reason,
            generation=task.generation,
            measurements=tuple(Measurement.from_dict(one) for found in parts.get("measurements", []) for one in found),
            blocks=tuple(block for found in parts.get("blocks", []) for block in found),
            training=parts.get("training", [None])[-1],
            operators=parts.get("operators", [None])[-1],
            profile=parts.get("profile", [None])[-1],
            system=parts.get("system", [{}])[-1],
            warnings=tuple(parts.get("warning", [])),
            started=started,
            seconds=time.monotonic() - clock,
        )


def folder_of(cell: Cell) -> str:
    """The cell's id as the name of a folder; one that no folder may have is told apart by a checksum."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", cell.id)[:120]
    return name if name == cell.id and name.strip(".") else f"{name}-{sha256(cell.id.encode()).hexdigest()[:8]}"
