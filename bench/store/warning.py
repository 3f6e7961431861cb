"""Warning: what to know before trusting a part of a result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.text import percent, signed
from bench.vocabulary import DISTURBANCES, Part, WarningKind

# Beside a number of processes that were all disturbed.
DISTURBED = "other work took its cores each time it was measured"

# The amount of each kind in words; kinds that have none are absent.
AMOUNTS: Mapping[WarningKind, Callable[[float], str]] = {
    "faulting": "{:.0f} page faults a step".format,
    "contended": lambda share: f"{percent(share)} of a core",
    "reference disturbed": lambda share: f"{percent(share)} longer",
    "drifting": lambda share: f"{signed(share)} a block",
    "denormals": lambda share: f"{percent(share)} of weights and optimizer state",
    "uneven": "{:.1f} times as long".format,
    "time limit": "{:g} s".format,
    "target missed": "a best test accuracy of {:.4f}".format,
    "shared": "{:.0f} other processes".format,
    "left running": "{:.0f} processes".format,
    "node lost": "{:.0f} nodes".format,
    "oversubscribed": "{:.1f} threads to a core".format,
    "costly marks": lambda share: f"{percent(share)} longer",
}


@dataclass(frozen=True, slots=True)
class Warning:
    """What speaks against one part of a result, as data and as a sentence.

    Attributes:
        part: of the result.
        kind: what is wrong.
        amount: how much, in the unit that AMOUNTS names; None for a kind that has none.
        text: the sentence that a person reads.

    """

    part: Part
    kind: WarningKind
    amount: float | None
    text: str

    def __str__(self) -> str:
        return f"{self.part}: {self.kind}, {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they are stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Warning":
        """The warning of a stored record."""
        return cls(stored["part"], stored["kind"], stored["amount"], stored["text"])


def disturbed_parts(warnings: Iterable[Warning]) -> frozenset[Part]:
    """The parts of a result that a neighbour disturbed."""
    return frozenset(warning.part for warning in warnings if warning.kind in DISTURBANCES)


def summary(alike: Sequence[Warning]) -> str:
    """One sentence for warnings of one part and kind: a text of theirs with the span of the amounts, or all texts."""
    first, in_words = alike[0], AMOUNTS.get(alike[0].kind)
    amounts = sorted(warning.amount for warning in alike if warning.amount is not None)
    if in_words and amounts and (low := in_words(amounts[0])) != (high := in_words(amounts[-1])):
        return f"{first}; {len(alike)} such, from {low} to {high}"
    return "; ".join(dict.fromkeys([str(first), *(warning.text for warning in alike if warning.text != first.text)]))
