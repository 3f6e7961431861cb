"""Batch scaling: how the time of a step grows with the batch, and from which batch on throughput hardly grows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from bench.stats.interval import Interval

LEAST_SIZES = 3  # two always lie on a line, which says nothing


@dataclass(frozen=True, slots=True)
class Sweep:
    """The line t(B) = overhead + marginal x B through the step times of several batch sizes.

    Attributes:
        overhead: seconds a step takes however small its batch, with its 95 % interval.
        marginal: seconds that each further image adds, likewise; one over it is the peak of throughput.
        residual: root mean square of the relative distances of the points from the line.
        batch_at_90: batch size at 90 % of the peak of throughput; None where there is no overhead or no growth.

    """

    overhead: Interval
    marginal: Interval
    residual: float
    batch_at_90: float | None

    def seconds(self, batch_size: float) -> float:
        """Seconds of a step by the line."""
        return self.overhead.value + self.marginal.value * batch_size


def fit_sweep(batch_sizes: npt.ArrayLike, seconds: npt.ArrayLike, confidence: float = 0.95) -> Sweep:
    """Least squares with weights 1/t^2, since errors of times are relative; t intervals with n - 2 degrees of freedom.

    Throughput B / (a + b B) reaches the share s of its peak 1/b at B = a s / (b (1 - s)), which is 9 a/b for 90 %.
    `n` of the intervals is the number of points.

    Raises:
        ValueError: fewer than three different batch sizes, or a time or size that is not positive.

    """
    sizes, times = np.asarray(batch_sizes, dtype=float), np.asarray(seconds, dtype=float)
    if np.unique(sizes).size < LEAST_SIZES:
        raise ValueError(f"a line through {np.unique(sizes).size} batch sizes says nothing: measure {LEAST_SIZES}")
    if min(sizes.min(), times.min()) <= 0:
        raise ValueError("batch sizes and times must be positive")
    design = np.column_stack([1 / times, sizes / times])  # each equation a + b B = t divided by its t
    (overhead, marginal), *_ = np.linalg.lstsq(design, np.ones_like(times))
    residuals = 1 - design @ np.array([overhead, marginal])
    variance = residuals @ residuals / (times.size - 2)
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    half = stdtrit(times.size - 2, (1 + confidence) / 2) * errors
    return Sweep(
        overhead=Interval(float(overhead), float(overhead - half[0]), float(overhead + half[0]), times.size),
        marginal=Interval(float(marginal), float(marginal - half[1]), float(marginal + half[1]), times.size),
        residual=float(np.sqrt(np.mean(residuals**2))),
        batch_at_90=float(9 * overhead / marginal) if overhead > 0 and marginal > 0 else None,
    )
