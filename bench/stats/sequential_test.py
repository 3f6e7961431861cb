"""Sequential test, the gate: whether B is slower than A, from the log ratios of pairs of processes.

    PASS          mean + h < log(1 + tolerance)        h = t_{1 - alpha/K, P-2} x the error of the mean
    FAIL          else if mean - h > 0                 alpha = 0.005, K = 5 looks, at P = 6, 9, 13, 20, 30 pairs
    CONTINUE      else, until the next look
    INCONCLUSIVE  at the last

A pair is one draw of everything: its servers are its own, and who starts first is balanced in blocks of two pairs. What
the start does is estimated and taken out, which costs one degree of freedom. Each look spends alpha/K (Bonferroni), so
that looking five times keeps either error of a run below alpha and its interval right in 1 - 2 alpha or more; a FAIL
stands only when a second, independent run fails as well (`confirmed`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from bench.stats.interval import Interval
from bench.stats.start_effect import Estimate, Floats, Starts, estimated
from bench.vocabulary import LookOutcome

Outcomes = npt.NDArray[np.str_]

LOOKS = (6, 9, 13, 20, 30)
ALPHA = 0.005
TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Look:
    """What a run says at one look.

    Attributes:
        outcome: how it ends, or that it goes on.
        mean: of the log ratios, B over A: positive when B is slower.
        half: h, the one-sided half-width on the log scale.
        n: how many pairs.
        spread: standard deviation of a log ratio, without what the start does.
        freedom: the degrees of freedom of that spread.

    """

    outcome: LookOutcome
    mean: float
    half: float
    n: int
    spread: float
    freedom: int

    @property
    def ratio(self) -> Interval:
        """B over A, with the interval mean +- h that the decision was made with."""
        return Interval(
            float(np.exp(self.mean)), float(np.exp(self.mean - self.half)), float(np.exp(self.mean + self.half)), self.n
        )


class Judged(NamedTuple):
    """An estimate with its half-width, and whether it passes or fails; with neither, it tells too little."""

    estimate: Estimate
    half: Floats
    passed: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    def look(self, pairs: int, otherwise: LookOutcome) -> Look:
        """As a look, where it is of one run."""
        outcome: LookOutcome = "fail" if self.failed else "pass" if self.passed else otherwise
        mean, _, spread, freedom = self.estimate
        return Look(outcome, float(mean), float(self.half), pairs, float(spread), int(freedom))


def judged(estimate: Estimate, alpha: float, tolerance: float, limit: float) -> Judged:
    """The rule: a loss that is certain and not surely below `limit` fails; else what is surely in the tolerance passes.

    Args:
        estimate: of one run, or of many.
        alpha: how often it may err on either side.
        tolerance: as a share, as `limit`.
        limit: the tolerance itself for a cell, and less for the mean over many.

    """
    half = stdtrit(estimate.freedom, 1 - alpha) * estimate.error
    failed = (estimate.mean - half > 0) & (estimate.mean + half >= np.log1p(limit))
    return Judged(estimate, half, ~failed & (estimate.mean + half < np.log1p(tolerance)), failed)


def look(
    logs: Sequence[float] | Floats,
    tolerance: float = TOLERANCE,
    *,
    starts: Starts | None = None,
    last: bool | None = None,
) -> Look:
    """Decide on the log ratios so far.

    Args:
        logs: one a pair, B over A, at least three.
        tolerance: the slowdown, as a share, from which on a loss matters.
        starts: as in `estimated`.
        last: whether no pair follows; by default when the last of LOOKS is reached.

    """
    values = np.asarray(logs, dtype=float)
    final = values.size >= LOOKS[-1] if last is None else last
    decision = judged(estimated(values, starts), ALPHA / len(LOOKS), tolerance, tolerance)
    return decision.look(values.size, "inconclusive" if final else "continue")


def deciding_look(
    logs: Sequence[float], tolerance: float, *, starts: Starts | None = None, ended: bool = False
) -> Look | None:
    """The look that decides a run, or the latest one; None before the first.

    Args:
        logs: the run's log ratios so far.
        tolerance: as in `look`.
        starts: as in `estimated`.
        ended: whether no pair follows; then there is a last look at six pairs or more, whatever their number.

    """
    latest = None
    for at in LOOKS:
        if at <= len(logs):
            latest = look(logs[:at], tolerance, starts=None if starts is None else starts[:at])
            if latest.outcome != "continue":
                return latest
    if ended and len(logs) >= LOOKS[0]:
        return look(logs, tolerance, starts=starts, last=True)
    return latest


def confirmed(first: Look, second: Look) -> bool:
    """Whether two independent runs both fail."""
    return first.outcome == "fail" and second.outcome == "fail"


def outcomes(
    logs: Floats, tolerance: float = TOLERANCE, *, starts: Starts | None = None
) -> tuple[Outcomes, npt.NDArray[np.int_]]:
    """Decide many runs at once.

    Args:
        logs: log ratios, (runs, LOOKS[-1]), in the order in which they would come.
        tolerance: as in `look`.
        starts: as in `estimated`.

    Returns:
        The outcome of each run, and how many pairs it took.

    """
    ends, pairs = np.full(len(logs), "inconclusive", dtype="<U12"), np.full(len(logs), LOOKS[-1])
    begun = None if starts is None else np.broadcast_to(np.asarray(starts), logs.shape)
    for at in LOOKS:
        still = np.flatnonzero(ends == "inconclusive")
        estimate = estimated(logs[still, :at], None if begun is None else begun[still, :at])
        decision = judged(estimate, ALPHA / len(LOOKS), tolerance, tolerance)
        ends[still[decision.failed]], ends[still[decision.passed]] = "fail", "pass"
        pairs[still[decision.failed | decision.passed]] = at
    return ends, pairs
