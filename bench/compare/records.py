"""Records: the lines of a comparison's file after the first, as types.

Each line is an object with its `kind`. `from_dict` raises KeyError, TypeError or ValueError for one that is damaged;
the comparison log, which knows the place, makes one plain error of them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from bench.process.layout import Layout
from bench.vocabulary import (
    ENDINGS,
    PAIR_QUANTILES,
    SAMENESSES,
    SIDES,
    Ending,
    PairQuantile,
    Sameness,
    SideName,
    word,
)

Stored = Mapping[str, Any]
Both = tuple[float, float]  # before and after


@dataclass(frozen=True, slots=True)
class CountsRecord:
    """The exact counts of both sides of a cell, by metric."""

    cell: str
    before: Mapping[str, float]
    after: Mapping[str, float]

    @classmethod
    def from_dict(cls, stored: Stored) -> "CountsRecord":
        """The counts of a stored line."""
        before, after = ({str(name): float(count) for name, count in stored[side].items()} for side in SIDES)
        return cls(str(stored["cell"]), before, after)


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """The peak of memory of both sides of a cell, in bytes, as one process of each had it."""

    cell: str
    before: float
    after: float

    @classmethod
    def from_dict(cls, stored: Stored) -> "MemoryRecord":
        """The peaks of a stored line."""
        return cls(str(stored["cell"]), _bytes(stored["before"]), _bytes(stored["after"]))


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """Why a side of a cell cannot be measured."""

    cell: str
    side: SideName
    reason: str

    @classmethod
    def from_dict(cls, stored: Stored) -> "FailureRecord":
        """The failure of a stored line."""
        return cls(str(stored["cell"]), word(stored["side"], SIDES), str(stored["reason"]))


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

    @classmethod
    def from_dict(cls, stored: Stored) -> "SamenessRecord":
        """What a stored line says."""
        evidence = tuple(map(str, stored["evidence"]))
        sameness = word(stored["sameness"], SAMENESSES)
        return cls(str(stored["cell"]), sameness, str(stored["reason"]), evidence, bool(stored["required"]))


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

    """

    cell: str
    run: int
    log_ratio: float
    before: float
    after: float
    phases: Mapping[str, Both] = field(default_factory=dict)
    statistic: PairQuantile = "p25"
    quantiles: Mapping[PairQuantile, Both] = field(default_factory=dict)
    faults: int = 0
    steady: bool = True
    started_first: int = 0
    started: float = 0.0
    layouts: tuple[Layout, Layout] = ({}, {})
    busy: float | None = None

    @classmethod
    def from_dict(cls, stored: Stored) -> "PairRecord":
        """The pair of a stored line."""
        return cls(
            cell=str(stored["cell"]),
            run=word(stored["run"], (1, 2)),
            log_ratio=_finite(stored["log_ratio"]),
            before=_seconds(stored["before"]),
            after=_seconds(stored["after"]),
            phases={str(name): _both(seconds) for name, seconds in stored["phases"].items()},
            statistic=word(stored["statistic"], PAIR_QUANTILES),
            quantiles={word(name, PAIR_QUANTILES): _both(seconds) for name, seconds in stored["quantiles"].items()},
            faults=int(stored["faults"]),
            steady=bool(stored["steady"]),
            started_first=word(stored["started_first"], (0, 1)),
            started=float(stored["started"]),
            layouts=_layouts(stored.get("layouts", ({}, {}))),
            busy=None if stored.get("busy") is None else float(stored["busy"]),
        )


@dataclass(frozen=True, slots=True)
class EndRecord:
    """How the comparison ended, and how long it took."""

    ended: Ending
    seconds: float

    @classmethod
    def from_dict(cls, stored: Stored) -> "EndRecord":
        """The end of a stored line."""
        return cls(word(stored["ended"], ENDINGS), float(stored["seconds"]))


Record = CountsRecord | MemoryRecord | SamenessRecord | FailureRecord | PairRecord | EndRecord
KINDS: Mapping[str, type[Record]] = {
    "counts": CountsRecord,
    "memory": MemoryRecord,
    "sameness": SamenessRecord,
    "failure": FailureRecord,
    "pair": PairRecord,
    "end": EndRecord,
}


def to_line(record: Record) -> dict[str, Any]:
    """The record as stored, its kind first."""
    kind = next(kind for kind, record_class in KINDS.items() if isinstance(record, record_class))
    return {"kind": kind, **asdict(record)}


def from_line(stored: Stored) -> Record:
    """The record of a stored line after the first."""
    return KINDS[word(stored["kind"], tuple(KINDS))].from_dict(stored)


def _finite(stored: Any) -> float:
    """A number that can be reckoned with: JSON as Python reads it has NaN and Infinity."""
    number = float(stored)
    if not isfinite(number):
        raise ValueError(f"{number} is no finite number")
    return number


def _seconds(stored: Any) -> float:
    """A time that something took."""
    seconds = _finite(stored)
    if seconds <= 0:
        raise ValueError(f"nothing takes {seconds} s")
    return seconds


def _bytes(stored: Any) -> float:
    """How much of memory something took."""
    size = _finite(stored)
    if size < 0:
        raise ValueError(f"nothing takes {size} bytes")
    return size


def _both(seconds: Any) -> Both:
    """What both sides have."""
    before, after = seconds
    return float(before), float(after)


def _layouts(stored: Any) -> tuple[Layout, Layout]:
    """Of both sides; a log from before they were recorded has none."""
    before, after = (Layout(**{name: int(value) for name, value in layout.items()}) for layout in stored)  # type: ignore[typeddict-item]
    return before, after
