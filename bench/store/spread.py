"""Spread: how the rounds of an imported benchmark varied, as its file sums them up; its median is the value itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a file says of the rounds of one benchmark, seconds a call; None for what it does not say.

    Attributes:
        rounds: how often it was timed.
        iterations: calls in each round, whose time is their mean.
        min: the fastest round.
        q1: the first quartile.
        q3: the third quartile.
        max: the slowest round.
        mean: over rounds.
        stddev: standard deviation over rounds.
        iqr: the range between the quartiles.

    """

    rounds: int | None = None
    iterations: int | None = None
    min: float | None = None
    q1: float | None = None
    q3: float | None = None
    max: float | None = None
    mean: float | None = None
    stddev: float | None = None
    iqr: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As stored: what is not known is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Spread":
        """The spread of a stored measurement; what a newer version adds is passed over."""
        return cls(**{name: stored[name] for name in NAMES if name in stored})


NAMES = tuple(field.name for field in fields(Spread))
COUNTS = ("rounds", "iterations")  # the others are seconds


def pooled_spread(spreads: Sequence[Spread]) -> Spread:
    """What stands for several benchmarks of one name: all their rounds, the fastest and the slowest of them.

    The other figures of several are those of none of them, so they are left open.
    """
    if len(spreads) == 1:
        return spreads[0]
    rounds = [spread.rounds for spread in spreads if spread.rounds is not None]
    fastest = [spread.min for spread in spreads if spread.min is not None]
    slowest = [spread.max for spread in spreads if spread.max is not None]
    iterations = {spread.iterations for spread in spreads}
    return Spread(
        rounds=sum(rounds) if len(rounds) == len(spreads) else None,
        iterations=iterations.pop() if len(iterations) == 1 else None,
        min=min(fastest) if len(fastest) == len(spreads) else None,
        max=max(slowest) if len(slowest) == len(spreads) else None,
    )
