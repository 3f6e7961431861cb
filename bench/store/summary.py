"""Summary: the few numbers of one configuration on one class of machines that a regression check needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Any

from bench.metrics import METRICS, row_of
from bench.plan.cell import Cell
from bench.store.fingerprint import Fingerprint, definition, fingerprint, threads_of
from bench.store.frame import configuration_id, status_of
from bench.store.machines import Place, over_machines, places_of
from bench.store.pooling import pooled
from bench.store.run import Run
from bench.store.warning import Warning, disturbed_parts
from bench.vocabulary import SegmentStart


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSummary:
    """One configuration in one run, on one class of machines; its accuracy is over all classes.

    Attributes:
        cell: the configuration.
        run: the run's name.
        status: ok, or the first other status of its processes.
        reason: why it is not ok.
        revision: the code's, or "" where none is known.
        dirty: whether the code differed from that revision.
        started: of the run, UTC, ISO 8601.
        machine: the hard facts that must agree before times compare.
        definition: what is timed and how, in one line (`bench.store.fingerprint.definition`).
        log_cost: logarithm of the cost relative to the reference, mean over processes; None where it was not measured.
        reference: seconds a step of the reference beside it, geometric mean over processes.
        processes: how many fresh processes stand behind it.
        step: seconds a step, geometric mean over processes.
        accuracy: test accuracy by seed; of a seed that several machines trained, the mean.
        epochs: what was trained for it; None where nothing was, or where a time limit cut it short.
        peak_memory: bytes at the peak, geometric mean over processes.
        counts: exact counts by metric.
        contended: the metrics of it that a neighbour disturbed in every process, so that they are doubtful.
        begins: why an accepted run begins a segment of its baseline; "" where nothing says that it does.

    """

    cell: Cell
    run: str
    status: str = "ok"
    reason: str = ""
    revision: str = ""
    dirty: bool = False
    started: str = ""
    machine: Fingerprint = field(default_factory=lambda: Fingerprint({}))
    definition: str = ""
    log_cost: float | None = None
    reference: float | None = None
    processes: int = 0
    step: float | None = None
    accuracy: Mapping[int, float] = field(default_factory=dict)
    epochs: int | None = None
    peak_memory: float | None = None
    counts: Mapping[str, float] = field(default_factory=dict)
    contended: tuple[str, ...] = ()
    begins: SegmentStart = ""

    @property
    def id(self) -> str:
        """The configuration's id."""
        return self.cell.id

    @property
    def machine_class(self) -> str:
        """The class of machines that its times are of."""
        return self.machine.machine

    @property
    def judgeable(self) -> frozenset[str]:
        """The metrics of it that a gate can judge."""
        gated = {
            "relative_cost": self.log_cost is not None,
            "peak_memory": self.peak_memory is not None,
            "accuracy": bool(self.accuracy),
        }
        return frozenset((*self.counts, *(metric for metric, known in gated.items() if known)))


def summaries(run: Run) -> list[CellSummary]:
    """What the run says of each configuration on each class of machines, in the order in which they were measured.

    Raises:
        BenchError: the run's files are damaged.

    """
    lines = [{**line, "id": configuration_id(line)} for line in run.lines()]
    processes: dict[Place, list[dict[str, Any]]] = {}
    learnt: dict[str, dict[int, list[float]]] = {}
    for line, (place, _) in zip(lines, places_of(lines), strict=True):
        processes.setdefault(place, []).append(line)
        for reading in _learnt(line):
            learnt.setdefault(line["id"], {}).setdefault(Cell.from_dict(line["cell"]).seed, []).append(reading["value"])
    return [_summary(run, of_place, learnt.get(place.id, {})) for place, of_place in processes.items()]


def _summary(run: Run, lines: list[dict[str, Any]], learnt: Mapping[int, list[float]]) -> CellSummary:
    facts, cell = run.facts, Cell.from_dict(lines[0]["cell"]).configuration
    readings: dict[str, list[tuple[float, bool]]] = {}
    threads = threads_of(cell, None)
    for line in lines:
        disturbed = disturbed_parts(map(Warning.from_dict, line.get("warnings", ())))
        for reading in line["measurements"]:
            if reading["value"] is not None:
                part = row_of(reading["metric"], reading["unit"]).timed_in
                readings.setdefault(reading["metric"], []).append((reading["value"], part in disturbed))
                threads = reading["threads"] if reading["metric"] == "relative_cost" and reading["threads"] else threads
    system: dict[str, Any] = next((line["system"] for line in lines if line["system"]), {})
    values = {metric: _undisturbed(taken) for metric, taken in readings.items()}
    cost = _pooled("relative_cost", values)
    status = status_of(line["status"] for line in lines)
    limited = any((line["training"] or {}).get("limit") for line in lines)
    return CellSummary(
        cell=cell,
        run=run.name,
        status=status,
        reason=next((line["reason"] for line in lines if line["status"] == status and line["reason"]), ""),
        revision=facts.git.revision,
        dirty=facts.git.dirty,
        started=facts.started,
        machine=fingerprint(system, threads),
        definition=definition(cell, facts.protocol, facts.plan.get("blocks") or 0),
        log_cost=log(cost) if cost and cost > 0 else None,
        reference=_pooled("relative_reference", values),
        processes=len(values.get("relative_cost", ())),
        step=_pooled("step", values),
        accuracy={seed: over_machines(values, METRICS["accuracy"]) for seed, values in learnt.items()},
        epochs=None if limited else facts.plan.get("epochs") or None,
        peak_memory=_pooled("peak_memory", values),
        counts=_counts(lines),
        contended=tuple(metric for metric, taken in readings.items() if all(bad for _, bad in taken)),
    )


def _undisturbed(taken: list[tuple[float, bool]]) -> list[float]:
    """The values that no neighbour disturbed; all where there is none."""
    return [value for value, bad in taken if not bad] or [value for value, _ in taken]


def _learnt(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in line["measurements"] if one["metric"] == "accuracy" and one["value"] is not None]


def _counts(lines: list[dict[str, Any]]) -> dict[str, float]:
    """The exact readings; the peak of memory is one of them where the device's allocator counts what it hands out."""
    return {
        reading["metric"]: float(reading["value"])
        for line in lines
        for reading in line["measurements"]
        if reading["value"] is not None and reading["statistic"] == "exact"
    }


def _pooled(metric: str, values: Mapping[str, list[float]]) -> float | None:
    """The metric over all processes, as its row says; None where it was not measured."""
    return pooled(values[metric], METRICS[metric].pooled).value if metric in values else None
