"""Collector: has a worker measure a cell and puts what it sends together: a result, and files in the run's folder."""

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process import entries
from bench.process.executor import Executor, talk
from bench.process.worker import WorkerError
from bench.session.flight import Report
from bench.store.provenance import utc_now
from bench.store.result import Measurement, Result
from bench.store.warning import Warning
from bench.vocabulary import FileKind, Part, Status

FLAGS: Mapping[FileKind, str] = {
    "trace": "--profile",
    "checkpoint": "--checkpoint",
}  # the flag that asks for each kind of file
PARTS: Mapping[FileKind, Part] = {"trace": "profile", "checkpoint": "training"}


class Collector:
    """Measures cells through an executor. Each task yields a result, whatever happens to the worker.

    Args:
        executor: who starts the workers.
        folder: the run's own, for traces and checkpoints.
        code: the SHA-256 of each file that the run names, by the text that names it, as it was when the run began.

    """

    def __init__(self, executor: Executor, folder: Path, code: Mapping[str, str] | None = None) -> None:
        self._executor = executor
        self._folder = folder
        self._code = code or {}

    @property
    def slots(self) -> int:
        """How many tasks may run at once."""
        return self._executor.slots

    def renew(self) -> None:
        """Have tasks from now on share nothing with those before, while none runs."""
        self._executor.renew()

    def measure(self, task: Task, report: Report) -> Result:
        """Measure the cell; `report` gets each stage by name. Parts that came before a worker ended are kept."""
        started, clock = utc_now(), time.monotonic()
        parts: dict[str, list[Any]] = {}
        try:
            for kind, payload in talk(self._executor, entries.MEASURE_CELL, task, task.timeout):
                if kind == "stage":
                    report(payload)
                if kind == "file":
                    parts.setdefault("warning", []).extend(self._keep(task.cell, *payload))
                else:
                    parts.setdefault(kind, []).append(payload)
            ending: tuple[Status, str | None] = parts.get(
                "status", [("failed", "the worker ended without saying how it went")]
            )[-1]
        except WorkerError as ended:
            if "status" in parts:  # all was measured by then, and only the profile is lost
                ending = parts["status"][-1]
                lost = Warning("profile", "no profile", None, ended.reason)
                parts.setdefault("warning", []).append(lost.to_dict())
            else:
                ending = ended.status, f"{ended.reason} (while measuring: {parts.get('stage', ['start'])[-1]})"
        if changed := [text for text, digest in parts.get("code", [{}])[-1].items() if self._changed(text, digest)]:
            # its numbers are of other code than the run says
            reason = f"{' and '.join(changed)} has changed since the run began: start a new run"
            return Result(task.cell, "failed", reason, task.repeat, started=started, seconds=time.monotonic() - clock)
        return _result(task, parts, ending, started, time.monotonic() - clock)

    def _changed(self, text: str, digest: str) -> bool:
        return self._code.get(text, digest) != digest

    def _keep(self, cell: Cell, kind: FileKind, name: str, content: bytes) -> list[dict[str, Any]]:
        """Write a file that came; a warning where it cannot be: the numbers are worth more than a file beside them."""
        path = self._folder / place_of(cell, kind, name)
        remedy = f"make room, or leave out {FLAGS[kind]}"
        try:
            files.make_folder(path.parent, remedy)
            files.replace(path, content, remedy)
        except BenchError as error:
            return [Warning(PARTS[kind], "not kept", None, f"the {kind} is lost: {error}").to_dict()]
        return []


def place_of(cell: Cell, kind: FileKind, name: str) -> Path:
    """Where a file that a worker sends lies in the run's folder.

    A trace keeps its name, by which TensorBoard knows it, in a folder of its cell; a checkpoint has its cell's.
    """
    own, plain = folder_of(cell), Path(name).name
    places = {"trace": Path("traces") / own / plain, "checkpoint": Path("checkpoints") / f"{own}{Path(plain).suffix}"}
    return places[kind]


def folder_of(cell: Cell) -> str:
    """The cell's id as the name of a folder; one that no folder may have is told apart by a checksum."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", cell.id)[:120]
    return name if name == cell.id and name.strip(".") else f"{name}-{sha256(cell.id.encode()).hexdigest()[:8]}"


def _result(
    task: Task, parts: Mapping[str, list[Any]], ending: tuple[Status, str | None], started: str, seconds: float
) -> Result:
    """The parts that a worker sent as one result; `ending` is its status and the reason."""
    measurements = (stored for payload in parts.get("measurements", ()) for stored in payload)
    return Result(
        cell=task.cell,
        status=ending[0],
        reason=ending[1],
        repeat=task.repeat,
        measurements=tuple(map(Measurement.from_dict, measurements)),
        blocks=tuple(block for payload in parts.get("blocks", ()) for block in payload),
        training=parts.get("training", [None])[-1],
        operators=parts.get("operators", [None])[-1],
        profile=parts.get("profile", [None])[-1],
        system=parts.get("system", [{}])[-1],
        warnings=tuple(dict.fromkeys(map(Warning.from_dict, parts.get("warning", ())))),
        started=started,
        seconds=seconds,
    )
