"""Records: the lines of a comparison's file as types: what is compared, counts, failures, pairs and the end.

Each line is an object with its `kind`. `from_dict` raises KeyError, TypeError or ValueError for one that is damaged;
the ledger, which knows the place, makes one plain error of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast

from bench.plan.cell import Cell
from bench.verdict.verdict import Verdict
from bench.vocabulary import ENDINGS, PAIR_METRICS, PAIR_QUANTILES, SIDES, Ending, PairMetric, PairQuantile, SideName

Stored = Mapping[str, Any]
Both = tuple[float, float]  # before and after
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SideFacts:
    """What one side is.

    Attributes:
        label: in words: "HEAD~1 (3fedea3)", a cell, an environment.
        revision: the full hash it is or is based on; "" where there is none.
        changes: files that differ from that revision.

    """

    label: str
    revision: str = ""
    changes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, stored: Stored) -> "SideFacts":
        """The side of a stored line."""
        return cls(str(stored["label"]), str(stored["revision"]), tuple(map(str, stored["changes"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFacts:
    """What is compared, where and how: the first line.

    Attributes:
        before: the reference.
        after: what is compared with it.
        cells: by name, the cell of either side.
        metric: what is timed.
        tolerance: the slowdown, as a share, from which on a loss matters.
        rounds: blocks of each side in a pair.
        order_seed: draws who starts, and the order of cells and blocks.
        machine: the fields of the fingerprint.
        system: the facts of the machine, as a worker of `after` saw them.
        aside: verdicts on what only one side has.
        notes: what to know before trusting the outcome.
        command: repeats it; "" where none does.
        started: UTC time, ISO 8601.

    """

    before: SideFacts
    after: SideFacts
    cells: Mapping[str, tuple[Cell, Cell]]
    metric: PairMetric
    tolerance: float
    rounds: int
    order_seed: int
    machine: Stored
    system: Stored
    aside: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    command: str = ""
    started: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As stored."""
        return {"kind": "facts", **asdict(self), "aside": [verdict.to_dict() for verdict in self.aside]}

    @classmethod
    def from_dict(cls, stored: Stored) -> "ComparisonFacts":
        """The facts of a stored line."""
        return cls(
            before=SideFacts.from_dict(stored["before"]),
            after=SideFacts.from_dict(stored["after"]),
            cells={name: _both(cells, Cell.from_dict) for name, cells in stored["cells"].items()},
            metric=_word(stored["metric"], PAIR_METRICS),
            tolerance=float(stored["tolerance"]),
            rounds=int(stored["rounds"]),
            order_seed=int(stored["order_seed"]),
            machine=dict(stored["machine"]),
            system=dict(stored["system"]),
            aside=tuple(Verdict.from_dict(verdict) for verdict in stored["aside"]),
            notes=tuple(map(str, stored["notes"])),
            command=str(stored["command"]),
            started=str(stored["started"]),
        )


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
class FailureRecord:
    """Why a side of a cell cannot be measured."""

    cell: str
    side: SideName
    reason: str

    @classmethod
    def from_dict(cls, stored: Stored) -> "FailureRecord":
        """The failure of a stored line."""
        return cls(str(stored["cell"]), _word(stored["side"], SIDES), str(stored["reason"]))


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
        early: the side that was started first, 0 or 1.
        started: seconds since the comparison began.

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
    early: int = 0
    started: float = 0.0

    @classmethod
    def from_dict(cls, stored: Stored) -> "PairRecord":
        """The pair of a stored line."""
        return cls(
            cell=str(stored["cell"]),
            run=_word(stored["run"], (1, 2)),
            log_ratio=float(stored["log_ratio"]),
            before=float(stored["before"]),
            after=float(stored["after"]),
            phases={str(name): _both(seconds, float) for name, seconds in stored["phases"].items()},
            statistic=_word(stored["statistic"], PAIR_QUANTILES),
            quantiles={
                _word(name, PAIR_QUANTILES): _both(seconds, float) for name, seconds in stored["quantiles"].items()
            },
            faults=int(stored["faults"]),
            steady=bool(stored["steady"]),
            early=_word(stored["early"], (0, 1)),
            started=float(stored["started"]),
        )


@dataclass(frozen=True, slots=True)
class EndRecord:
    """How the comparison ended, and how long it took."""

    ended: Ending
    seconds: float

    @classmethod
    def from_dict(cls, stored: Stored) -> "EndRecord":
        """The end of a stored line."""
        return cls(_word(stored["ended"], ENDINGS), float(stored["seconds"]))


Record = CountsRecord | FailureRecord | PairRecord | EndRecord
KINDS: Mapping[str, type[Record]] = {
    "counts": CountsRecord,
    "failure": FailureRecord,
    "pair": PairRecord,
    "end": EndRecord,
}


def to_line(record: Record) -> dict[str, Any]:
    """The record as stored, its kind first."""
    kind = next(kind for kind, made_of in KINDS.items() if isinstance(record, made_of))
    return {"kind": kind, **asdict(record)}


def from_line(stored: Stored) -> Record:
    """The record of a stored line after the first."""
    return KINDS[_word(stored["kind"], tuple(KINDS))].from_dict(stored)


def _word(value: Any, words: tuple[Value, ...]) -> Value:
    """The value, which must be one of the words."""
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, words))}")
    return cast("Value", value)


def _both(values: Any, read: Callable[[Any], Value]) -> tuple[Value, Value]:
    """What both sides have."""
    before, after = values
    return read(before), read(after)
