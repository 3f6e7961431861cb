"""Records: the lines of a comparison's file after the first, as types.

Each line is an object with its `kind`, and held against the type of that kind when it is read; one that is damaged
raises ValueError, of which the comparison log, which knows the place, makes one plain error.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import log
from typing import Annotated, Any

from msgspec import Meta

from bench import files
from bench.process.layout import Layout
from bench.store.stored import Count, LogRatio, Number, Seconds
from bench.vocabulary import Ending, PairQuantile, Sameness, SideName, word

Stored = Mapping[str, Any]
Time = Annotated[float, Meta(gt=0, le=1e12)]  # seconds
Clock = Annotated[float, Meta(gt=0, le=1e12)]  # Hz
Size = Annotated[float, Meta(ge=0, le=1e100)]  # bytes
Both = tuple[Seconds, Seconds]  # before and after
RunNumber = Annotated[int, Meta(ge=1, le=2)]
SideNumber = Annotated[int, Meta(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class CountsRecord:
    """The exact counts of both sides of a cell, by metric."""

    cell: str
    before: Mapping[str, Number]
    after: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """The peak of memory of both sides of a cell, in bytes, as one process of each had it."""

    cell: str
    before: Size
    after: Size


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """Why a side of a cell cannot be measured."""

    cell: str
    side: SideName
    reason: str


@dataclass(frozen=True, slots=True)
class SamenessRecord:
    """Whether the second side of a cell computes what the first does.

    Attributes:
        cell: its name in the comparison.
        sameness: in a word.
        reason: in a line.
        evidence: where the difference begins, a line each.
        required: whether a change fails the comparison.

    """

    cell: str
    sameness: Sameness
    reason: str
    evidence: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRecord:
    """What is kept of a pair of processes.

    Attributes:
        cell: its name in the comparison.
        run: 1, or 2 for the second, independent run.
        log_ratio: logarithm of after over before.
        before: seconds of the comparison's metric, by `statistic`.
        after: the same of the other side.
        phases: the same of each phase of a step that both sides have.
        statistic: the quantile of the steps that stands for a side.
        quantiles: seconds of a step of both sides by several quantiles, to choose the estimator by.
        faults: page faults of both.
        steady: whether both were steady when the first block began.
        started_first: the side that was started first, 0 or 1.
        started: seconds since the comparison began.
        layouts: where the memory of either side's process lies.
        busy: the share of their core that the processes had, of several threads the one that waited longest; None where
            that is not known.
        clocks: the mean clock of the GPU in the blocks of both, Hz; None where its driver does not tell.
        dropped: how many blocks did not count, since the GPU was throttled.

    """

    cell: str
    run: RunNumber
    log_ratio: LogRatio
    before: Time
    after: Time
    phases: Mapping[str, Both] = field(default_factory=dict)
    statistic: PairQuantile = "p25"
    quantiles: Mapping[PairQuantile, Both] = field(default_factory=dict)
    faults: Count = 0
    steady: bool = True
    started_first: SideNumber = 0
    started: Seconds = 0.0
    layouts: tuple[Layout, Layout] = ({}, {})
    busy: Seconds | None = None
    clocks: tuple[Clock, Clock] | None = None
    dropped: Count = 0

    @property
    def log_ratio_of_cycles(self) -> float | None:
        """Logarithm of after over before in cycles, seconds times clock; None where the clocks are not known."""
        if self.clocks is None:
            return None
        before, after = self.clocks
        return self.log_ratio + log(after / before)


@dataclass(frozen=True, slots=True)
class EndRecord:
    """How the comparison ended, and how long it took."""

    ended: Ending
    seconds: Seconds


Record = CountsRecord | MemoryRecord | SamenessRecord | FailureRecord | PairRecord | EndRecord
KINDS: Mapping[str, type[Record]] = {
    "counts": CountsRecord,
    "memory": MemoryRecord,
    "sameness": SamenessRecord,
    "failure": FailureRecord,
    "pair": PairRecord,
    "end": EndRecord,
}
_LATER = ("layouts", "busy", "clocks", "dropped")  # not in a log from before they were recorded


def to_line(record: Record) -> dict[str, Any]:
    """The record as stored, its kind first."""
    kind = next(kind for kind, record_class in KINDS.items() if isinstance(record, record_class))
    return {"kind": kind, **asdict(record)}


def from_line(stored: Stored) -> Record:
    """The record of a stored line after the first.

    Raises:
        ValueError, KeyError: it is damaged.

    """
    record_class = KINDS[word(stored["kind"], tuple(KINDS))]
    for entry in fields(record_class):
        if entry.name not in (*stored, *_LATER):
            raise KeyError(entry.name)
    record: Record = files.shaped(stored, record_class)
    return record
