"""Noise: how much single readings differ, whatever their level does."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def noise(values: Floats) -> float:
    """The spread of single readings, from successive differences so that a change of level hardly counts.

    1.4826 MAD of the differences over sqrt(2), which is the standard deviation of normal readings.
    """
    steps = np.diff(values)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2))
