"""Verdict: the verdict on one cell and metric, and the decision over all of them: plain data, rendered elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.errors import EXIT_INCONCLUSIVE, EXIT_NOT_COMPARABLE, EXIT_PASS, EXIT_REGRESSION
from bench.stats.interval import Interval
from bench.verdict.versions import Versions
from bench.vocabulary import (
    DECISION_KINDS,
    ENDINGS,
    OVERALLS,
    VERDICTS,
    DecisionKind,
    Ending,
    Overall,
    VerdictWord,
    word,
)

SCHEMA = 1
CHECK_FILE = "check.json"  # beside the results of the run that was checked
MEAN = "geometric mean of "  # what the verdict over several cells begins with in the place of a cell

# What each verdict makes of the whole. "failed" is a cell that the reference could run and the new side cannot.
# "changed" and "not known" are said of what is computed, which is no loss unless it is asked for (`ab --same-result`);
# "accepted" of what is regressed and may be (`ab --accept`).
OVERALL: Mapping[VerdictWord, Overall] = {
    "regressed": "regression",
    "failed": "regression",
    "not comparable": "not comparable",
    "missing": "not comparable",
    "inconclusive": "inconclusive",
    "accepted": "pass",
    "changed": "pass",
    "not known": "pass",
    "new": "pass",
    "unchanged": "pass",
    "improved": "pass",
}
EXIT_CODES: Mapping[Overall, int] = {
    "regression": EXIT_REGRESSION,
    "not comparable": EXIT_NOT_COMPARABLE,
    "inconclusive": EXIT_INCONCLUSIVE,
    "pass": EXIT_PASS,
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """The first of the accepted runs that a cell is held to, and how far the cell has moved since.

    Attributes:
        run: its name.
        revision: of its code, "" where none is known.
        runs: how many accepted runs there are from it on.
        ratio: the cell's cost now over that of the first few readings.
        confidence: of its interval, two-sided.
        risen: whether it has surely risen by more than the tolerance, by the last few readings.

    """

    run: str
    revision: str
    runs: int
    ratio: Interval
    confidence: float | None = None
    risen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of one metric of one cell.

    Attributes:
        cell: the cell's id, or what several cells have in common ("geometric mean of 4 cells").
        metric: its name in `bench.metrics`, such as "step"; COUNTS for the exact counts together and RESULT for what is
            computed, which have no value.
        verdict: what came of it.
        limit: whether `after` is held to an absolute limit, which `before` is, and not to a reference.
        unit: of `before` and `after`: SI without a prefix.
        direction: which way is better: "lower", "higher", or "none".
        statistic: how the values follow from the samples: "p10", "exact".
        before: the reference's value, or None where there is none.
        after: the new value, likewise.
        ratio: after over before, with its interval and the number of processes behind it.
        confidence: of that interval, two-sided.
        tolerance: the change, as a share, that is allowed; None where any change counts.
        visible: the smallest change, as a share, that could have been seen; None where nothing was left to chance.
        reason: why this verdict, in one line.
        remedy: what to do next, in one line; "" where nothing is to be done.
        suspect: whether it has to be measured again before it is the last word.
        evidence: what differs exactly between the two, a line each, such as "operators_backward 51 -> 63".
        anchor: how far the relative cost has moved since the first of the accepted runs; None where nothing tells.

    """

    cell: str
    metric: str
    verdict: VerdictWord
    limit: bool = False
    unit: str = "1"
    direction: str = "lower"
    statistic: str = ""
    before: float | None = None
    after: float | None = None
    ratio: Interval | None = None
    confidence: float | None = None
    tolerance: float | None = None
    visible: float | None = None
    reason: str = ""
    remedy: str = ""
    suspect: bool = False
    evidence: tuple[str, ...] = ()
    anchor: Anchor | None = None

    @property
    def label(self) -> str:
        """What is judged, for people: the metric, and whether it is held to a budget."""
        return label_of(self.metric, limit=self.limit)

    def to_dict(self) -> dict[str, Any]:
        """As stored and printed; what is unknown is null."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Verdict":
        """The verdict of a stored record; fields of a newer version are passed over.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.

        """
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        known["verdict"] = word(known["verdict"], VERDICTS)
        if known.get("ratio") is not None:
            known["ratio"] = Interval(**known["ratio"])
        if known.get("anchor") is not None:
            known["anchor"] = Anchor(**{**known["anchor"], "ratio": Interval(**known["anchor"]["ratio"])})
        return cls(**{**known, "evidence": tuple(known.get("evidence", ()))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A whole decision: what was compared, where, and what came of it.

    Attributes:
        kind: a comparison of pairs, or a check against a baseline.
        before: the reference, in words: a revision, a cell, an environment, a baseline.
        after: what is compared with it, likewise.
        verdicts: one a cell and metric, then those over several cells.
        machine: the fields of the fingerprint (`bench.store.fingerprint`).
        versions: what differs between the two interpreters that were compared.
        notes: what to know before trusting it, a line each: a dirty tree, what is broken, contention.
        command: repeats it, ready to be pasted.
        record: path of the raw numbers, or "".
        started: UTC time, ISO 8601.
        seconds: how long it took.
        interrupted: why it ended early.

    """

    kind: DecisionKind
    before: str
    after: str
    verdicts: tuple[Verdict, ...]
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Versions = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    command: str = ""
    record: str = ""
    started: str = ""
    seconds: float = 0.0
    interrupted: Ending = ""

    @property
    def overall(self) -> Overall:
        """The gravest of the verdicts: "pass", "inconclusive", "not comparable" or "regression".

        Failures, missing cells and what is inconclusive never count as a pass, and neither does nothing at all.
        """
        return worst(verdict.verdict for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 regression, 3 inconclusive, 4 not comparable."""
        return EXIT_CODES[self.overall]

    def to_dict(self) -> dict[str, Any]:
        """As stored and printed by --json."""
        fields = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}
        return {"schema": SCHEMA, "overall": self.overall, "exit_code": self.exit_code, **fields}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Decision":
        """The decision of a stored document; fields of a newer version are passed over.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.

        """
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        known["kind"] = word(known["kind"], DECISION_KINDS)
        known["interrupted"] = word(known.get("interrupted", ""), ENDINGS)
        known["verdicts"] = tuple(Verdict.from_dict(verdict) for verdict in known["verdicts"])
        known["versions"] = {name: tuple(both) for name, both in known.get("versions", {}).items()}
        return cls(**{**known, "notes": tuple(known.get("notes", ()))})


def label_of(metric: str, *, limit: bool) -> str:
    """What people see of a metric that was judged."""
    return f"{metric} (budget)" if limit else metric


def worst(verdicts: Iterable[VerdictWord]) -> Overall:
    """What several verdicts make together: the gravest; "inconclusive" where there are none."""
    reached = {OVERALL[verdict] for verdict in verdicts}
    return next((overall for overall in OVERALLS if overall in reached), "inconclusive")


def _plain(value: Any) -> Any:
    if isinstance(value, Verdict):
        return value.to_dict()
    if isinstance(value, Anchor):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Interval):
        return {name: getattr(value, name) for name in ("value", "low", "high", "n")}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
