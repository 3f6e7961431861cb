"""Collector: has a worker measure a cell and puts what it sends together: a result, and files in the run's folder."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError, cut
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process import entries
from bench.process.executor import Executor, talk
from bench.process.worker import WorkerError
from bench.session.flight import Report
from bench.session.starts import kept_for, starts_of
from bench.store.provenance import utc_now
from bench.store.result import Measurement, Result
from bench.store.warning import Warning
from bench.text import joined, plural
from bench.vocabulary import FileKind, Part, Status, WarningKind

FLAGS: Mapping[FileKind, str] = {
    "trace": "--profile",
    "checkpoint": "--checkpoint",
}  # the flag that asks for each kind of file
MOST_LOST = 3  # nodes that one task may take along: it may be what ends them
# By the stages that come after the status, what is lost where a worker ends in them, and as what that is warned of.
_LOST: Mapping[str, tuple[str, Part, WarningKind]] = {
    "insight": ("insight", "insight", "no insight"),
    "profile": ("profile", "profile", "no profile"),
    "memory over a step": ("memory", "profile", "memory not known"),
}
PARTS: Mapping[FileKind, Part] = {"trace": "profile", "checkpoint": "training"}


class Collector:
    """Measures cells through an executor. Each task yields a result, whatever happens to the worker.

    Args:
        executor: who starts the workers.
        folder: the run's own, for traces and checkpoints.
        code: the SHA-256 of each file that the run names, by the text that names it, as it was when the run began.
        left_out: plug-ins that no worker tries, as they ended one, with how that ended.

    """

    def __init__(
        self,
        executor: Executor,
        folder: Path,
        code: Mapping[str, str] | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        self._executor = executor
        self._folder = folder
        self._code = code or {}
        self._left_out = left_out or {}

    @property
    def slots(self) -> int:
        """How many tasks may run at once."""
        return self._executor.slots

    def renew(self) -> None:
        """Have tasks from now on share nothing with those before, while none runs."""
        self._executor.renew()

    def measure(self, task: Task, report: Report) -> Result:
        """Measure the cell; `report` gets each stage by name. Parts that came before a worker ended are kept.

        Where something else than the cell's own code may have ended the worker, another is given the task, once; and
        where a node vanished with it, one on another node. What came before that is dropped: one repeat's measurements
        are of one process, on one machine.

        Raises:
            BenchError: no node is left.

        """
        with kept_for(task) as caches:
            return self._measured(replace(task, left_out=self._left_out, caches=caches), report)

    def _measured(self, task: Task, report: Report) -> Result:
        started, clock = utc_now(), time.monotonic()
        parts, ended, lost = self._tried(task, report)
        if "artifacts" in parts and ended is None:
            self._start_again(task, parts, report)
        started, clock = parts.get("began", [(started, clock)])[0]  # on a node, not before it was free
        if changed := [text for text, digest in parts.get("code", [{}])[-1].items() if self._changed(text, digest)]:
            # its numbers are of other code than the run says
            reason = f"{' and '.join(changed)} has changed since the run began: start a new run"
            return Result(task.cell, "failed", reason, task.repeat, started=started, seconds=time.monotonic() - clock)
        ending = _ending(parts, ended)
        if ended is not None and "status" in parts:
            _warn_of_lost(parts, ended.reason, profile=task.profile)
        if lost:
            _warn(parts, _nodes_lost(lost))
        return _result(task, parts, ending, started, time.monotonic() - clock)

    def _start_again(self, task: Task, parts: dict[str, list[Any]], report: Report) -> None:
        """Add how long fresh processes take to start with what the task's worker has left."""
        report("starts")
        measurements, warnings = starts_of(task, parts["artifacts"][-1], self._executor)
        parts.setdefault("measurements", []).append([measurement.to_dict() for measurement in measurements])
        for warning in warnings:
            _warn(parts, warning)

    def _tried(self, task: Task, report: Report) -> tuple[dict[str, list[Any]], WorkerError | None, list[str]]:
        """What the last worker that was given the task sent and ended with, and the nodes that vanished before."""
        lost: list[str] = []
        blameless = True  # until something from outside has ended one worker
        while True:
            parts, ended = self._parts(task, report)
            if ended is None or not ended.outside or "status" in parts:
                break
            if ended.lost:
                lost.append(ended.lost)
                if len(lost) == MOST_LOST:
                    break
            elif blameless:
                blameless = False
            else:
                break
        return parts, ended, lost

    def _parts(self, task: Task, report: Report) -> tuple[dict[str, list[Any]], WorkerError | None]:
        """What a worker sends, by kind, and the error that it ended with, if any."""
        parts: dict[str, list[Any]] = {}
        try:
            for kind, payload in talk(self._executor, entries.MEASURE_CELL, task, task.timeout):
                if kind == "node":
                    parts["began"] = [(utc_now(), time.monotonic())]
                if kind == "stage":
                    report(f"{payload} on {parts['node'][0]}" if "node" in parts else payload)
                if kind == "file":
                    self._keep(parts, task.cell, *payload)
                elif kind == "left":
                    _warn(parts, _left_running(payload))
                else:
                    parts.setdefault(kind, []).append(payload)
        except WorkerError as ended:
            return parts, ended
        return parts, None

    def _changed(self, text: str, digest: str) -> bool:
        return self._code.get(text, digest) != digest

    def _keep(self, parts: dict[str, list[Any]], cell: Cell, kind: FileKind, name: str, content: bytes) -> None:
        """Write a file that came; a warning where it cannot be: the numbers are worth more than a file beside them."""
        path = self._folder / place_of(cell, kind, name)
        remedy = f"make room, or leave out {FLAGS[kind]}"
        try:
            files.make_folder(path.parent, remedy)
            files.replace(path, content, remedy)
        except BenchError as error:
            _warn(parts, Warning(PARTS[kind], "not kept", None, f"the {kind} is lost: {error}"))


def _warn(parts: dict[str, list[Any]], warning: Warning) -> None:
    parts.setdefault("warning", []).append(warning.to_dict())


def _warn_of_lost(parts: dict[str, list[Any]], reason: str, *, profile: bool) -> None:
    """That the worker ended in a stage after its status, before what comes of that, or of those of a `profile` next."""
    stages, last = list(_LOST), _last_stage(parts)
    for stage in stages[stages.index(last) :] if last in stages else ():
        kept, part, kind = _LOST[stage]
        if kept not in parts and (stage == last or profile):
            _warn(parts, Warning(part, kind, None, reason))


def _left_running(count: int) -> Warning:
    """That the cell's code had processes of its own, which went on when it had ended."""
    text = f"its code left {plural(count, 'process')} running, ended with the worker: end them in the code"
    return Warning("timing", "left running", float(count), text)


def _nodes_lost(lost: Sequence[str]) -> Warning:
    """That nodes vanished with the cell, which began anew each time."""
    text = f"{joined(lost)} vanished when it was to be measured there: what came of that is dropped"
    return Warning("timing", "node lost", float(len(lost)), text)


def _ending(parts: Mapping[str, list[Any]], ended: WorkerError | None) -> tuple[Status, str | None]:
    """How a task ended, and why that was not well: what the worker says of it counts before how the worker ended."""
    if "status" in parts:
        status, reason = parts["status"][-1]
        return status, None if reason is None else cut(reason)
    if ended is not None:
        return ended.status, cut(f"{ended.reason} (while measuring: {_last_stage(parts)})")
    return "failed", "the worker ended without saying how it went"


def _last_stage(parts: Mapping[str, list[Any]]) -> str:
    return str(parts.get("stage", ["start"])[-1])


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
        insight=parts.get("insight", [None])[-1],
        profile=parts.get("profile", [None])[-1],
        memory=parts.get("memory", [None])[-1],
        system=_system(parts),
        warnings=tuple(dict.fromkeys(map(Warning.from_dict, parts.get("warning", ())))),
        started=started,
        seconds=seconds,
    )


def _system(parts: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The machine as the worker told it, with its name as a node where it is one; empty where it told nothing."""
    facts: dict[str, Any] = parts.get("system", [{}])[-1]
    return {**facts, "node": parts["node"][0]} if facts and "node" in parts else facts
