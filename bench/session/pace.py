"""Pace: how much longer than expected things of one kind take: on this machine lately, and each of them beside that."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import exp, log

_PRIOR = 3.0  # seconds that speak for what was expected of a thing that was never measured
_HALF = 120.0  # seconds of measuring after which what was seen counts half: other work comes and goes


@dataclass(slots=True)
class Pace:
    """Learns from each thing that was measured.

    What one of them takes is what was expected, times how the machine did lately, times how this thing did beside the
    machine whenever it was measured.
    """

    _measured: float = 0.0
    _expected: float = 0.0
    _prior: float = _PRIOR
    _own: dict[Hashable, list[float]] = field(default_factory=dict)  # logarithms

    def knows(self, key: Hashable) -> bool:
        """Whether the thing was measured before."""
        return key in self._own

    def note(self, key: Hashable, measured: float, expected: float) -> None:
        """Learn how long the thing took; both in seconds. Where either is nothing there is nothing to learn."""
        if measured <= 0 or expected <= 0:
            return
        kept = 0.5 ** (measured / _HALF)
        self._measured = kept * self._measured + measured / self._factor(key)
        self._expected = kept * self._expected + expected
        self._prior *= kept
        self._own.setdefault(key, []).append(log(measured / expected * self._expected / self._measured))

    def __call__(self, key: Hashable, expected: float) -> float:
        """Seconds that the thing is likely to take."""
        prior = 0.0 if key in self._own else self._prior
        return expected * self._factor(key) * (self._measured + prior) / (self._expected + prior)

    def _factor(self, key: Hashable) -> float:
        own = self._own.get(key)
        return exp(sum(own) / len(own)) if own else 1.0
