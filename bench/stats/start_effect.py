"""Start effect: a mean log ratio without what it does which side of a pair was started first."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Starts = Sequence[int] | npt.NDArray[np.int_]  # the side that started first, 0 or 1, pair by pair


class Estimate(NamedTuple):
    """The mean log ratio of each run, its error, and the spread of one log ratio with its degrees of freedom."""

    mean: Floats
    error: Floats
    spread: Floats
    freedom: npt.NDArray[np.int_]


def estimated(logs: Floats, starts: Starts | None = None) -> Estimate:
    """The mean over the last axis, halfway between the pairs that either side started.

    Args:
        logs: log ratios.
        starts: in a shape that broadcasts to that of `logs`. Where it was always the same side, or is not known, what
            the start does cannot be told and stays in the spread.

    """
    count = logs.shape[-1]
    other = np.broadcast_to(np.asarray(0 if starts is None else starts, dtype=float), logs.shape)
    sizes = np.stack([count - other.sum(axis=-1), other.sum(axis=-1)])
    both = sizes.min(axis=0) > 0
    means = np.stack([(logs * (1 - other)).sum(axis=-1), (logs * other).sum(axis=-1)]) / np.maximum(sizes, 1)
    mean = np.where(both, means.mean(axis=0), logs.mean(axis=-1))
    effect = np.where(both, means[1] - means[0], 0.0)
    rest = logs - mean[..., None] - effect[..., None] * (other - 0.5)
    freedom = count - 1 - both.astype(int)
    spread = np.sqrt((rest**2).sum(axis=-1) / freedom)
    share = np.where(both, (1 / np.maximum(sizes, 1)).sum(axis=0) / 4, 1 / count)
    return Estimate(mean, spread * np.sqrt(share), spread, freedom)
