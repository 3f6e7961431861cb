"""Sequential test, the gate: whether B is slower than A, from the log ratios of pairs of processes.

    PASS          mean + h < log(1 + tolerance)        h = t_{1 - alpha/K, P-1} s / sqrt(P)
    FAIL          else if mean - h > 0                 alpha = 0.01, K = 5 looks, at P = 6, 9, 13, 20, 30 pairs
    CONTINUE      else, until the next look
    INCONCLUSIVE  at the last

Each look spends alpha/K (Bonferroni), so that looking five times keeps the two errors of a run below alpha where log
ratios are normal; a FAIL stands only when a second, independent run fails as well (`confirmed`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from bench.stats.interval import Interval
from bench.vocabulary import LookOutcome

Floats = npt.NDArray[np.float64]

LOOKS = (6, 9, 13, 20, 30)
ALPHA = 0.01
TOLERANCE = 0.05
SEEN = 0.9  # the likelihood with which the smallest visible change would have been found


@dataclass(frozen=True, slots=True)
class Look:
    """What a run says at one look.

    Attributes:
        outcome: how it ends, or that it goes on.
        mean: of the log ratios, B over A: positive when B is slower.
        half: h, the one-sided half-width on the log scale.
        n: how many pairs.
        p: one-sided p-value of "B is not slower", times the number of looks, at most 1.

    """

    outcome: LookOutcome
    mean: float
    half: float
    n: int
    p: float

    @property
    def ratio(self) -> Interval:
        """B over A, with the interval mean +- h that the decision was made with."""
        return Interval(
            float(np.exp(self.mean)), float(np.exp(self.mean - self.half)), float(np.exp(self.mean + self.half)), self.n
        )

    @property
    def visible(self) -> float:
        """The smallest slowdown, as a share, that these pairs would have shown as a loss nine times in ten.

        mean - h > 0 holds with likelihood 0.9 where the true log ratio is h + t_{.9, P-1} s / sqrt(P).
        """
        return visible_change(self.half, self.n)


def look(logs: Sequence[float] | Floats, tolerance: float = TOLERANCE, *, last: bool | None = None) -> Look:
    """Decide on the log ratios so far.

    Args:
        logs: one a pair, B over A, at least two.
        tolerance: the slowdown, as a share, from which on a loss matters.
        last: whether no pair follows; by default when the last of LOOKS is reached.

    """
    values = np.asarray(logs, dtype=float)
    count = values.size
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(count))
    final = count >= LOOKS[-1] if last is None else last
    return _decided(mean, error, count - 1, tolerance, pairs=count, final=final)


def deciding_look(logs: Sequence[float], tolerance: float, *, ended: bool = False) -> Look | None:
    """The look that decides a run, or the latest one; None before the first.

    Args:
        logs: the run's log ratios so far.
        tolerance: as in `look`.
        ended: whether no pair follows; then there is a last look at six pairs or more, whatever their number.

    """
    latest = None
    for at in LOOKS:
        if at <= len(logs):
            latest = look(logs[:at], tolerance)
            if latest.outcome != "continue":
                return latest
    if ended and len(logs) >= LOOKS[0]:
        return look(logs, tolerance, last=True)
    return latest


def geometric_mean(runs: Sequence[Sequence[float]], tolerance: float = TOLERANCE) -> Look:
    """Decide on the geometric mean of the ratios of several cells: it finds a small loss that all have in common.

    Its error is sqrt(sum s_c^2 / P_c) / C with the degrees of freedom of Welch and Satterthwaite. It is about sqrt(C)
    times smaller than a cell's, and so is the tolerance: else a loss too small for each cell would pass here as well.
    `n` is the smallest number of pairs of a cell. It is always a last look.
    """
    cells = [np.asarray(run, dtype=float) for run in runs]
    parts = np.array([logs.var(ddof=1) / logs.size for logs in cells])
    freedom = np.array([logs.size - 1 for logs in cells])
    total = float(parts.sum())
    welch = total**2 / float((parts**2 / freedom).sum()) if total else float(freedom.min())
    mean = float(np.mean([logs.mean() for logs in cells]))
    error = float(np.sqrt(total)) / len(cells)
    common = common_tolerance(tolerance, len(cells))
    return _decided(mean, error, welch, common, pairs=min(logs.size for logs in cells), final=True)


def common_tolerance(tolerance: float, cells: int) -> float:
    """The tolerance of the geometric mean over so many cells."""
    return float(np.expm1(np.log1p(tolerance) / np.sqrt(cells)))


def visible_change(half: float, pairs: int) -> float:
    """The smallest slowdown, as a share, seen nine times in ten by pairs whose half-width h is `half`."""
    needed = half * (1 + stdtrit(pairs - 1, SEEN) / _quantile(pairs - 1))
    return float(np.expm1(needed))


def confirmed(first: Look, second: Look) -> bool:
    """Whether two independent runs both fail."""
    return first.outcome == "fail" and second.outcome == "fail"


def joint_p(first: Look, second: Look) -> float:
    """p-value of two independent runs that must both fail: max(p1, p2)^2, since both are below x with x^2."""
    return float(max(first.p, second.p) ** 2)


def outcomes(logs: Floats, tolerance: float = TOLERANCE) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int_]]:
    """Decide many runs at once.

    Args:
        logs: log ratios, (runs, LOOKS[-1]), in the order in which they would come.
        tolerance: as in `look`.

    Returns:
        The outcome of each run, and how many pairs it took.

    """
    ends = np.full(len(logs), "inconclusive", dtype="<U12")
    pairs = np.full(len(logs), LOOKS[-1])
    open_ = np.ones(len(logs), dtype=bool)
    for at in LOOKS:
        part = logs[:, :at]
        mean, half = part.mean(axis=1), _quantile(at - 1) * part.std(axis=1, ddof=1) / np.sqrt(at)
        passed = open_ & (mean + half < np.log1p(tolerance))
        failed = open_ & ~passed & (mean - half > 0)
        ends[passed], ends[failed] = "pass", "fail"
        pairs[passed | failed] = at
        open_ &= ~(passed | failed)
    return ends, pairs


def _decided(mean: float, error: float, freedom: float, tolerance: float, *, pairs: int, final: bool) -> Look:
    half = _quantile(freedom) * error
    p = float(stdtr(freedom, -mean / error)) if error else float(mean <= 0)
    outcome: LookOutcome = "inconclusive" if final else "continue"
    if mean + half < np.log1p(tolerance):
        outcome = "pass"
    elif mean - half > 0:
        outcome = "fail"
    return Look(outcome, mean, half, pairs, min(1.0, p * len(LOOKS)))


def _quantile(freedom: float) -> float:
    """t_{1 - alpha/K} of so many degrees of freedom."""
    return float(stdtrit(freedom, 1 - ALPHA / len(LOOKS)))
