"""Stored: the shape of a line of results.jsonl. A line is held against it once, when it is read; readers rely on it."""

import base64
from dataclasses import fields
from typing import Annotated, Any, NotRequired, Required, TypedDict, get_type_hints

import numpy as np
from msgspec import Meta

from bench import files
from bench.plan.cell import Cell
from bench.store.result import SCHEMA
from bench.store.spread import Spread
from bench.vocabulary import Direction, Part, Statistic, Status, WarningKind

Count = Annotated[int, Meta(ge=0, le=2**62)]
Seconds = Annotated[float, Meta(ge=0, le=1e12)]
Number = Annotated[float, Meta(ge=-1e100, le=1e100)]  # whose square and whose sum with others are numbers too
LogRatio = Annotated[float, Meta(ge=-50, le=50)]  # nothing takes 1e21 times as long as something else
_BULK = b',"blocks":['  # begins what comes after the measurements; inside a string its quotes would be escaped

# The fields of Cell; a newer version may leave out what is at its default, and add fields.
StoredCell = TypedDict(  # type: ignore[misc] # its keys are those of the dataclass
    "StoredCell",
    {
        field.name: Required[str] if field.name == "architecture" else get_type_hints(Cell)[field.name] | None
        for field in fields(Cell)
    },
    total=False,
)


class StoredWarning(TypedDict):
    """A `bench.store.warning.Warning`."""

    part: Part
    kind: WarningKind
    amount: Number | None
    text: str


class StoredMeasurement(TypedDict):
    """A `bench.store.result.Measurement`; its samples stand apart, their number and median beside it."""

    metric: str
    unit: str
    direction: Direction
    value: Number | None
    statistic: Statistic
    threads: Count | None
    n: NotRequired[Count]
    median: NotRequired[Number | None]
    spread: NotRequired[Spread]


class StoredBlock(TypedDict, total=False):
    """The facts of a timed block."""

    subject: Required[str]
    started: Number
    wall: Seconds
    cpu: Seconds
    faults: Count
    preempted: Count
    waited: Number | None
    steps: Count


class StoredEvaluation(TypedDict, total=False):
    """An entry of a learning record (`bench.training.train`)."""

    epoch: Seconds
    steps: Count
    seconds: Seconds
    train_loss: Number | None
    train_accuracy: Number | None
    test_loss: Number | None
    test_accuracy: Number | None


class StoredTraining(TypedDict, total=False):
    """A learning record; what is only drawn of it, such as gradients and mistakes, is held to no shape."""

    seed: Count
    epochs: Required[list[StoredEvaluation]]
    limit: Number | None
    until: dict[str, Any] | None


class StoredHead(TypedDict):
    """A line up to its measurements."""

    schema: int
    id: str
    repeat: Count
    status: Status
    reason: str | None
    started: str
    seconds: Seconds | None
    cell: StoredCell
    fingerprint: NotRequired[str]
    warnings: list[StoredWarning]
    measurements: list[StoredMeasurement]


class StoredLine(StoredHead):
    """A whole line; samples are base64 of little-endian float32, by metric."""

    blocks: list[StoredBlock]
    training: StoredTraining | None
    operators: dict[str, dict[str, Count]] | None
    profile: Any
    system: dict[str, Any]
    samples: dict[str, str]


def parse_line(line: bytes, whole: bool = True) -> dict[str, Any]:
    """A stored line as plain data, held against its shape, each measurement with its own samples.

    Not `whole`, it ends with the measurements, without samples: many times faster.

    Raises:
        ValueError, RecursionError: it is not a line that `Result.to_line` wrote.

    """
    if not whole:
        line = line[: line.index(_BULK)] + b"}"
    stored: dict[str, Any] = files.decoded(line)
    return stored if stored.get("schema") != SCHEMA else _checked(stored, whole)


def _checked(stored: dict[str, Any], whole: bool) -> dict[str, Any]:
    files.check_shape(stored, StoredLine if whole else StoredHead)
    if stored["id"] != Cell.from_dict(stored["cell"]).id:
        raise ValueError("its id is another cell's")
    by_metric = {measured["metric"]: measured for measured in stored["measurements"]}
    for metric, encoded in stored.pop("samples", {}).items():
        if metric not in by_metric:
            raise ValueError(f"there are samples of '{metric}', which was not measured")
        if not np.isfinite(np.frombuffer(base64.b64decode(encoded, validate=True), dtype="<f4")).all():
            raise ValueError(f"a sample of '{metric}' is no finite number")
        by_metric[metric]["samples"] = encoded
    return stored
