"""Looks: at which steps of a training its clock stops for an evaluation."""

import math

from bench.plan.timing import EARLY_LOOKS


class Looks:
    """At the end of each epoch, where a limit ends it, and early on, at EARLY_LOOKS of the training.

    Where a test accuracy is looked for they are in equal steps instead, so many `parts` of an epoch: the resolution of
    the time to it; 0 where none is. `early` is false for trainings that only their end is wanted of.
    """

    def __init__(self, whole: int, epochs: int, limit: float, *, parts: int, early: bool) -> None:
        target, parts = parts > 0, min(parts, whole) or 1
        self._whole, self._steps, self._limit = whole, epochs * whole, limit
        self._ends = {whole * part // parts % whole for part in range(parts)}
        self._early = iter(EARLY_LOOKS if early and not target else ())
        self._next = next(self._early, math.inf)

    def share(self, steps: int, seconds: float) -> float:
        """How much of the training is done, by its steps or its seconds, whichever end it first."""
        return max(steps / self._steps, seconds / self._limit)

    def due(self, steps: int, seconds: float) -> bool:
        """Whether it is evaluated after so many steps; asked once a step."""
        share = self.share(steps, seconds)
        early = share >= self._next
        while share >= self._next:
            self._next = next(self._early, math.inf)
        return early or steps % self._whole in self._ends or seconds >= self._limit
