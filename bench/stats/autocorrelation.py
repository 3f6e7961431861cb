"""Autocorrelation: how much readings remember the last one, and what their z-scores are worth then."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST = 0.95
_LEAST = 4  # r below so many n-ths counts as none: windows too short to tell it would show no step at all


def autocorrelation(rest: Floats, parameters: int) -> float:
    """R at lag 1 of residuals about a model with so many parameters, between 0 and MOST.

    Wild readings are pulled in. The estimate is too small by about (parameters + r (1 + parameters)) / n (Marriott &
    Pope, Biometrika 41, 1954), which is made up for. In all but short windows an r that chance might give counts too:
    one look follows another at the same readings.
    """
    spread = rest.std()
    if spread == 0:
        return 0.0
    limit = 3 * 1.4826 * np.median(np.abs(rest - np.median(rest)))
    near = np.clip(rest, -limit, limit) if limit > 0 else rest
    r = float((near[1:] * near[:-1]).sum() / (near * near).sum())
    r += (parameters + (1 + parameters) * max(r, 0.0)) / rest.size
    return min(r, MOST) if r > _LEAST / rest.size else 0.0


def worth(r: float) -> float:
    """What a z-score of such readings is worth, as a factor: sqrt((1 - r) / (1 + r))."""
    return float(np.sqrt((1 - r) / (1 + r)))
