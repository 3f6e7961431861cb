"""Stored: the shape of a line of results.jsonl. A line is held against it once, when it is read; readers rely on it."""

import base64
from typing import Annotated, Any, NotRequired, Required, TypedDict, get_type_hints

from msgspec import Meta

from bench import files
from bench.plan.cell import Cell
from bench.store.result import SCHEMA
from bench.store.spread import Spread
from bench.vocabulary import Direction, Part, Statistic, Status, WarningKind

Count = Annotated[int, Meta(ge=0, le=2**62)]
Seconds = Annotated[float, Meta(ge=0)]
_BULK = b',"blocks":['  # begins what comes after the measurements; inside a string its quotes would be escaped
_FLOAT32 = 4  # bytes

# What a field of Cell may hold, by its type, where not all values of the type are any.
_NARROWER: dict[Any, Any] = {
    int: Annotated[int, Meta(ge=0)],
    float | None: Annotated[float, Meta(gt=0)] | None,
    tuple[str, ...]: tuple[Annotated[str, Meta(pattern="=")], ...],  # such as "architecture=my_nets.py:MyNet"
}
CELL_FIELDS = {name: _NARROWER.get(hint, hint) for name, hint in get_type_hints(Cell).items()}
# A newer version may leave out what is at its default, and add fields; null is what says nothing of a foreign cell.
StoredCell = TypedDict(  # type: ignore[misc] # its keys are those of the dataclass
    "StoredCell",
    {name: Required[str] if name == "architecture" else kind | None for name, kind in CELL_FIELDS.items()},
    total=False,
)


class StoredWarning(TypedDict):
    """A `bench.store.warning.Warning`."""

    part: Part
    kind: WarningKind
    amount: float | None
    text: str


class StoredMeasurement(TypedDict):
    """A `bench.store.result.Measurement`; its samples stand apart, their number and median beside it."""

    metric: str
    unit: str
    direction: Direction
    value: float | None
    statistic: Statistic
    threads: Count | None
    n: NotRequired[Count]
    median: NotRequired[float | None]
    spread: NotRequired[Spread]


class StoredBlock(TypedDict, total=False):
    """The facts of a timed block."""

    subject: Required[str]
    started: float
    wall: Seconds
    cpu: Seconds
    faults: Count
    preempted: Count
    waited: float | None
    steps: Count


class StoredEvaluation(TypedDict, total=False):
    """An entry of a learning record (`bench.training.train`)."""

    epoch: Seconds
    steps: Count
    seconds: Seconds
    train_loss: float | None
    train_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None


class StoredTraining(TypedDict, total=False):
    """A learning record; what is only drawn of it, such as gradients and mistakes, is held to no shape."""

    seed: Count
    epochs: Required[list[StoredEvaluation]]
    limit: float | None
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
        if len(base64.b64decode(encoded, validate=True)) % _FLOAT32:
            raise ValueError(f"the samples of '{metric}' are no whole numbers of 4 bytes")
        by_metric[metric]["samples"] = encoded
    return stored
