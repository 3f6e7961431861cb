"""Stored: the shape of a line of results.jsonl. A line is held against it once, when it is read; readers rely on it."""

import base64
from typing import Annotated, Any, NotRequired, Required, TypedDict, get_type_hints

import numpy as np
from msgspec import Meta

from bench import files
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.store.insight import Insight
from bench.store.result import SCHEMA
from bench.store.spread import Spread
from bench.vocabulary import Direction, MemoryCategory, Part, Statistic, Status, WarningKind

Count = Annotated[int, Meta(ge=0, le=2**62)]
Seconds = Annotated[float, Meta(ge=0, le=1e12)]
Joules = Annotated[float, Meta(ge=0, le=1e18)]
Number = Annotated[float, Meta(ge=-1e100, le=1e100)]  # whose square and whose sum with others are numbers too
LogRatio = Annotated[float, Meta(ge=-50, le=50)]  # nothing takes 1e21 times as long as something else
MOST_MOMENTS = 1000  # of a step's memory; what we write has a quarter of it
_BULK = b',"blocks":['  # begins what comes after the measurements; inside a string its quotes would be escaped

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
    amount: Number | None
    text: str


class StoredMeasurement(TypedDict):
    """A `bench.store.result.Measurement`; its samples stand apart, their number and median beside it.

    Attributes:
        metric: its name, see metrics.md.
        unit: of all its values, SI without a prefix.
        direction: which way is better.
        value: by `statistic`; null where it is not a number.
        statistic: how the value follows from the samples, or "exact" and the like for one reading.
        threads: CPU threads in force while it was taken; null where they play no part.
        n: how many samples there are.
        median: of the samples.
        spread: of an imported benchmark, what its file says of the rounds.

    """

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
    """The facts of a timed block.

    Attributes:
        subject: what was timed: "cell", "reference", "inference", "training" and so on.
        started: since the process began.
        wall: how long it took.
        cpu: CPU time of the process meanwhile.
        faults: page faults.
        preempted: how often a thread was taken off its core.
        waited: how long one thread had no core; null where the system does not tell.
        steps: how many it had.
        joules: that the device drew meanwhile; absent where they were not counted.
        gpu: what the driver of a GPU told around it: `clock` of its multiprocessors, Hz, the mean of before and after;
            `watts` and `celsius` after it; `throttled`, what held the clock down; `others`, how many processes computed
            on it that are not ours. Absent where no driver told.

    """

    subject: Required[str]
    started: Number
    wall: Seconds
    cpu: Seconds
    faults: Count
    preempted: Count
    waited: Number | None
    steps: Count
    joules: Joules
    gpu: dict[str, Any]


class StoredEvaluation(TypedDict, total=False):
    """An entry of a learning record (`bench.training.train`), taken with the clock stopped.

    Attributes:
        epoch: how many were done; a fraction within one.
        steps: training steps so far.
        seconds: of training so far, evaluation excluded.
        joules: that the device drew in these; absent where they were not counted.
        train_loss: mean over the steps since the last entry; null where it is not finite.
        train_accuracy: share of the first 5,000 training images that is right; null within an epoch.
        test_loss: the cell's own loss, mean over the test images; null where it is not finite.
        test_accuracy: share of the test images that is right.

    """

    epoch: Seconds
    steps: Count
    seconds: Seconds
    joules: Joules
    train_loss: Number | None
    train_accuracy: Number | None
    test_loss: Number | None
    test_accuracy: Number | None


class StoredTraining(TypedDict, total=False):
    """A learning record; what is only drawn of it is held to no shape. A cell that diverged has the entries until then.

    Attributes:
        seed: of the weights and of the order of batches.
        classes: what the labels mean.
        epochs: an entry for each evaluation.
        gradients: `names` and `shapes` of the parameters, the `steps` noted, the `seconds` of training until each, and
            for each the `norms` of the gradients of its batch, by parameter.
        limit: what ended it; null where it ran to its end.
        until: `target`, a share; `every`, steps between evaluations; `reached`. Null without a target.
        shape: of a test image: channels, height and width; absent from versions before.
        per_class: accuracy of each class, shares.
        confusion: counts, a row for each true class and a column for each predicted one.
        digits: the first test image of each class, ten at most, each as in `mistakes`.
        mistakes: the wrong test images of highest cross entropy: `index`, `label`, `predicted`, `loss`, `scores` (pairs
            of class and probability), `image` (`shape`, and `pixels`, base64 of deflated bytes).

    """

    seed: Count
    epochs: Required[list[StoredEvaluation]]
    classes: Any
    gradients: Any
    limit: Number | None
    until: dict[str, Any] | None
    shape: Any
    per_class: Any
    confusion: Any
    digits: Any
    mistakes: Any


class StoredPhase(TypedDict):
    """A phase of a step.

    Attributes:
        phase: its name.
        start: since the step began.

    """

    phase: str
    start: Seconds


class StoredMemory(TypedDict):
    """What a step holds when, in a pass of its own; in between it is what it was at the point before.

    Attributes:
        seconds: when, since the step began.
        bytes: by category, how many at each of these moments.
        phases: when each begins, in order.
        end: when the step ends.

    """

    seconds: Annotated[list[Seconds], Meta(min_length=1, max_length=MOST_MOMENTS)]
    bytes: dict[MemoryCategory, list[Count]]
    phases: Annotated[list[StoredPhase], Meta(max_length=MOST_MOMENTS)]
    end: Seconds


class StoredHead(TypedDict):
    """A line up to its measurements.

    Attributes:
        schema: of this line.
        id: the readable name of the cell.
        repeat: which pass over the grid, from 0; each is a fresh process.
        status: how the process ended.
        reason: why it is not ok, in one line; null where it is.
        started: when, UTC; "" where nobody told.
        seconds: how long the process took; null where nobody told.
        cell: what was measured.
        fingerprint: digest of the machine and software, with the threads, within which relative costs compare; ""
            where no worker told its system.
        machine: digest of the machine and software, whatever the threads; "" where no worker told its system.
        run: in a run that was merged, the name of the run that this line is of.
        warnings: what to know before trusting the numbers.
        measurements: the metrics.

    """

    schema: int
    id: str
    repeat: Count
    status: Status
    reason: str | None
    started: str
    seconds: Seconds | None
    cell: StoredCell
    fingerprint: NotRequired[str]
    machine: NotRequired[str]
    run: NotRequired[str]
    warnings: list[StoredWarning]
    measurements: list[StoredMeasurement]


class StoredLine(StoredHead):
    """A whole line: the head, and what is bulky.

    Attributes:
        blocks: each timed block.
        training: the learning record; null where nothing was trained.
        operators: by phase, how often a step dispatches each aten operator; null where that was not counted.
        insight: what a look into the trained net gave; null where none was taken.
        profile: what a profiled step spent its time on, see profiling.md; null where it was not profiled.
        memory: what a step holds when; null where that was not recorded, absent in lines of versions before.
        system: hardware and software as the worker saw them; empty where none told.
        samples: by metric, base64 of little-endian float32 in the unit of the metric, in order of measurement.

    """

    blocks: list[StoredBlock]
    training: StoredTraining | None
    operators: dict[str, dict[str, Count]] | None
    insight: NotRequired[Insight | None]
    profile: Any
    memory: NotRequired[StoredMemory | None]
    system: dict[str, Any]
    samples: dict[str, str]


def parse_line(line: bytes, whole: bool = True) -> dict[str, Any]:
    """A stored line as plain data, held against its shape, each measurement with its own samples.

    Not `whole`, it ends with the measurements, without samples: many times faster.

    Raises:
        ValueError, RecursionError: it is not a line that `Result.to_line` wrote.

    """
    end = -1 if whole else line.find(_BULK)
    if end >= 0:
        line = line[:end] + b"}"
    stored: dict[str, Any] = files.decoded(line)
    return stored if stored.get("schema") != SCHEMA else _checked(stored, whole=end < 0)


def _checked(stored: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    files.check_shape(stored, StoredLine if whole else StoredHead)
    if stored["id"] != Cell.from_dict(stored["cell"]).id:
        raise ValueError("its id is another cell's")
    by_metric = {measured["metric"]: measured for measured in stored["measurements"]}
    if len(by_metric) < len(stored["measurements"]):
        raise ValueError("a metric stands in it twice")
    for measured in stored["measurements"]:
        _check_sign(measured["metric"], measured["value"])
    if whole:
        _check_memory(stored.get("memory"))
        _give_samples(by_metric, stored.pop("samples"))
    return stored


def _give_samples(by_metric: dict[str, dict[str, Any]], samples: dict[str, str]) -> None:
    """Each measurement its own samples, as many as it says."""
    counts = dict.fromkeys(by_metric, 0)
    for metric, encoded in samples.items():
        if metric not in by_metric:
            raise ValueError(f"there are samples of '{metric}', which was not measured")
        values = np.frombuffer(base64.b64decode(encoded, validate=True), dtype="<f4")
        if not np.isfinite(values).all():
            raise ValueError(f"a sample of '{metric}' is no finite number")
        _check_sign(metric, values.min(initial=0.0))
        by_metric[metric]["samples"] = encoded
        counts[metric] = values.size
    for metric, measured in by_metric.items():
        if measured.get("n", 0) != counts[metric]:
            raise ValueError(f"'{metric}' has {counts[metric]} samples, and says otherwise")


def _check_memory(memory: dict[str, Any] | None) -> None:
    """See that each category has a number for each moment, and that these follow each other."""
    moments = memory["seconds"] if memory else []
    if any(len(sizes) != len(moments) for sizes in (memory["bytes"].values() if memory else ())):
        raise ValueError("its memory has not one number for each moment")
    if sorted(moments) != moments:
        raise ValueError("the moments of its memory are not in order")


def _check_sign(metric: str, least: float | None) -> None:
    """See that no time, rate, size or ratio of them is below 0."""
    row = METRICS.get(metric)
    if row and row.pooled == "log_mean" and least is not None and least < 0:
        raise ValueError(f"'{metric}' is below 0")
