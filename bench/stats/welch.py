"""Welch: how far two means over seeds lie apart, when the spreads of the two groups need not be alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # Student's distribution and its quantile


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two means, new less old.

    Attributes:
        value: the estimate.
        error: its standard error; 0 where neither group has any spread.
        freedom: degrees of freedom of its t distribution.
        least: those of the smaller group, which hold whatever the spreads are.

    """

    value: float
    error: float
    freedom: float
    least: int

    def half(self, level: float) -> float:
        """The one-sided half-width at that level."""
        return float(stdtrit(self.freedom, level)) * self.error

    def p_fall(self, beyond: float = 0.0) -> float:
        """How often chance alone makes a difference as low as this one where the fall is `beyond`, or less."""
        return self._below(self.value + beyond, self.freedom)

    def p_rise_at_most(self, beyond: float = 0.0) -> float:
        """The same of a rise, at most: Welch's approximation errs far out in the tail, where few values meet many.

        Mickey & Brown, "Bounds on the distribution functions of the Behrens-Fisher statistic" (Ann. Math. Stat. 37,
        1966): the degrees of freedom of the smaller group are a bound.
        """
        return self._below(beyond - self.value, self.least)

    def _below(self, distance: float, freedom: float) -> float:
        if not self.error:
            return 0.0 if distance < 0 else 1.0
        return float(stdtr(freedom, distance / self.error))


def difference(old: Sequence[float], new: Sequence[float]) -> Difference | None:
    """Of two groups of independent values; None where either has fewer than two.

    Welch, "The generalization of 'Student's' problem when several different population variances are involved"
    (Biometrika 34, 1947).
    """
    before, after = np.asarray(old, dtype=float), np.asarray(new, dtype=float)
    if min(before.size, after.size) < 2:
        return None
    shares = [float(group.var(ddof=1)) / group.size for group in (before, after)]
    spread = sum(shares)
    least = min(before.size, after.size) - 1
    terms = sum(share**2 / (group.size - 1) for share, group in zip(shares, (before, after), strict=True))
    freedom = spread**2 / terms if terms else float(least)
    return Difference(float(after.mean() - before.mean()), float(np.sqrt(spread)), freedom, least)
