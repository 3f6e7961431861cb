"""Trend: the line through readings that wild ones do not bend, and whether they rise or fall along it beyond chance.

Slope: the median of the slopes of all pairs (Theil 1950, Sen 1968). Test: how many more pairs rise than fall (Mann
1945, Kendall 1975).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """The trend of a window of readings.

    Attributes:
        rise: the slope times the length: by how much the last reading should lie above the first.
        z: how far beyond chance more pairs rise than fall, for independent readings.
        rest: the readings less the line.

    """

    rise: float
    z: float
    rest: Floats


def trend(values: Floats) -> Trend:
    """The trend of at least three readings."""
    first, second = _pairs(values.size)
    steps = values[second] - values[first]
    slope = float(np.median(steps / (second - first)))
    more = float(np.sign(steps).sum())
    count = values.size
    sd = np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    rest = values - slope * np.arange(count)
    return Trend(slope * (count - 1), float((more - np.sign(more)) / sd), rest - np.median(rest))


@lru_cache
def _pairs(count: int) -> tuple[Places, Places]:
    """The places of every two readings, the earlier and the later."""
    return np.triu_indices(count, 1)
