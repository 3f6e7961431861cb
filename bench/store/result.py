"""Result: what one process gave of one cell, as one self-sufficient, versioned line of a results file."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import files
from bench.metrics import registered
from bench.plan.cell import Cell
from bench.store.spread import Spread
from bench.store.warning import Warning, disturbed_parts
from bench.vocabulary import Direction, Part, Statistic, Status

SCHEMA = 2  # of results.jsonl and run.json; a reader refuses any other

QUANTILES = {"min": 0.0, "p10": 0.10, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.90, "max": 1.0}

Floats = npt.NDArray[np.float64]
_NONE: Floats = np.empty(0)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of one result: a value with its unit, its direction, its statistic and the samples behind it.

    Attributes:
        metric: the name, such as "forward" or "peak_memory".
        unit: SI without a prefix: "s", "B", "1/s", or "1" for a count or a share.
        direction: which way is better.
        statistic: how `value` follows from the samples ("p25", "median"), or "exact" / "maximum" for one reading.
        threads: CPU threads in force while it was taken, or None where they play no part.
        samples: every sample in order of measurement, in `unit`; empty for a single reading.
        spread: of an imported benchmark, what its file says of the rounds; None for what we measured.

    """

    metric: str
    unit: str
    direction: Direction
    value: float
    statistic: Statistic
    threads: int | None = None
    samples: Floats = field(default_factory=lambda: _NONE)
    spread: Spread | None = None

    @classmethod
    def of_value(
        cls,
        metric: str,
        value: float,
        statistic: Statistic,
        threads: int | None = None,
        samples: Floats = _NONE,
        *,
        spread: Spread | None = None,
    ) -> "Measurement":
        """One reading of a metric; unit and direction are those of its row.

        Raises:
            ValueError: the metric has no row in bench/metrics.py.

        """
        row = registered(metric)
        return cls(metric, row.unit, row.direction, value, statistic, threads, samples, spread)

    @classmethod
    def of_samples(
        cls, metric: str, samples: Floats, *, statistic: Statistic = "p25", threads: int | None = None
    ) -> "Measurement":
        """A metric from its samples; `statistic` names the quantile that is its value.

        Raises:
            ValueError: the metric has no row in bench/metrics.py.

        """
        return cls.of_value(metric, float(np.quantile(samples, QUANTILES[statistic])), statistic, threads, samples)

    def to_dict(self) -> dict[str, Any]:
        """As stored: the samples as base64 of little-endian float32, with their number and median beside."""
        stored: dict[str, Any] = {
            "metric": self.metric,
            "unit": self.unit,
            "direction": self.direction,
            "value": self.value,
            "statistic": self.statistic,
            "threads": self.threads,
        }
        if self.spread:
            stored["spread"] = self.spread.to_dict()
        if self.samples.size:
            stored["n"] = int(self.samples.size)
            stored["median"] = float(np.median(self.samples))
            stored["samples"] = base64.b64encode(self.samples.astype("<f4").tobytes()).decode("ascii")
        return stored

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Measurement":
        """The measurement of a stored record, its samples decoded."""
        names = ("metric", "unit", "direction", "value", "statistic", "threads")
        spread = Spread.from_dict(stored["spread"]) if "spread" in stored else None
        return cls(**{name: stored[name] for name in names}, samples=decode_samples(stored), spread=spread)


def decode_samples(stored: dict[str, Any]) -> Floats:
    """The samples of a stored measurement, in its unit and in order of measurement."""
    return np.frombuffer(base64.b64decode(stored.get("samples", "")), dtype="<f4").astype(np.float64)


@dataclass(frozen=True, slots=True)
class Result:
    """What one process gave of a cell. There is always one, whatever happens to its worker.

    Attributes:
        cell: what was measured.
        status: how the process ended.
        reason: why it is not ok, in one line; None when it is.
        repeat: which pass over the grid, from 0; each is a fresh process.
        measurements: the metrics, raw samples included.
        blocks: each timed block: subject, started, wall, cpu, faults, preempted, steps.
        training: the learning record (`bench.training.train`), or None where nothing was trained.
        operators: how often one step dispatches each aten operator, by phase; None where it was not counted.
        profile: what a profiled step spent its time on (`bench.measure.profile`), or None where it was not profiled.
        memory: what a step holds when (`bench.measure.held_memory`), or None where it was not recorded.
        system: hardware and software as the worker saw them.
        warnings: what to know before trusting the numbers.
        started: UTC time, ISO 8601.
        seconds: how long the process took, from its start to its end; None where nobody told.

    """

    cell: Cell
    status: Status
    reason: str | None = None
    repeat: int = 0
    measurements: tuple[Measurement, ...] = ()
    blocks: tuple[dict[str, Any], ...] = ()
    training: dict[str, Any] | None = None
    operators: dict[str, dict[str, int]] | None = None
    profile: dict[str, Any] | None = None
    memory: dict[str, Any] | None = None
    system: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Warning, ...] = ()
    started: str = ""
    seconds: float | None = 0.0

    @property
    def disturbed(self) -> frozenset[Part]:
        """The parts that a neighbour disturbed."""
        return disturbed_parts(self.warnings)

    def to_line(self, fingerprint: str = "", machine: str = "") -> str:
        """One line of JSON without its newline; not-a-number is stored as null.

        `fingerprint` is the digest of the machine under which its relative cost holds, `machine` that of the machine
        whatever the threads (`bench.store.fingerprint`).
        What is bulky comes after the measurements, the samples by metric, so that who needs only the values can stop
        reading there.
        """
        measurements = [measurement.to_dict() for measurement in self.measurements]
        samples = {one["metric"]: one.pop("samples") for one in measurements if "samples" in one}
        stored = {
            "schema": SCHEMA,
            "id": self.cell.id,
            "repeat": self.repeat,
            "status": self.status,
            "reason": self.reason,
            "started": self.started,
            "seconds": self.seconds,
            "cell": self.cell.to_dict(),
            "fingerprint": fingerprint,
            "machine": machine,
            "warnings": [warning.to_dict() for warning in self.warnings],
            "measurements": measurements,
            "blocks": list(self.blocks),
            "training": self.training,
            "operators": self.operators,
            "profile": self.profile,
            "memory": self.memory,
            "system": self.system,
            "samples": samples,
        }
        return files.json_line(stored)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Result":
        """The result of a parsed line."""
        return cls(
            cell=Cell.from_dict(stored["cell"]),
            status=stored["status"],
            reason=stored["reason"],
            repeat=stored["repeat"],
            measurements=tuple(Measurement.from_dict(one) for one in stored["measurements"]),
            blocks=tuple(stored["blocks"]),
            training=stored["training"],
            operators=stored["operators"],
            profile=stored["profile"],
            memory=stored.get("memory"),
            system=stored["system"],
            warnings=tuple(map(Warning.from_dict, stored["warnings"])),
            started=stored["started"],
            seconds=stored["seconds"],
        )
