"""Pooling: the repeats and seeds of a configuration become one number with its interval, by one rule for all."""

import numpy as np
import numpy.typing as npt

from bench.stats.interval import Interval, half_widths
from bench.stats.multiple_testing import clopper_pearson
from bench.vocabulary import Pooling

Floats = npt.NDArray[np.float64]


def pooled(values: npt.ArrayLike, how: Pooling) -> Interval:
    """The values of one metric, at least one, a process or a seed each; see `pooled_groups`."""
    array = np.asarray(values, dtype=float)
    ends = pooled_groups(array, np.zeros(array.size, dtype=np.intp), np.array([how], dtype=object))
    value, low, high = (None if np.isnan(end[0]) else float(end[0]) for end in ends)
    return Interval(np.nan if value is None else value, low, high, array.size)


def undisturbed(disturbed: npt.NDArray[np.bool_], group: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which readings count: those that no neighbour disturbed, and all of a group that has no other."""
    clean = np.bincount(group, ~disturbed, minlength=1)
    return np.asarray(~disturbed | (clean[group] == 0))


def pooled_groups(
    values: Floats, group: npt.NDArray[np.intp], poolings: npt.NDArray[np.object_]
) -> tuple[Floats, Floats, Floats]:
    """Centre and both ends of the 95 % interval of each group of values; not-a-number where there is no interval.

    What multiplies (times, rates, ratios) has a geometric mean, if all its values are positive; a proportion of yes and
    no has a mean and the exact interval of Clopper and Pearson; what is read once and always alike is given as it was
    read first, and so is a value that is alone.

    Args:
        values: of all groups.
        group: the number of each value's group.
        poolings: how each group is pooled.

    """
    counts = np.bincount(group, minlength=len(poolings))
    logs = (poolings == "log_mean") & (np.bincount(group, values <= 0, len(poolings)) == 0)
    scaled = values.copy()
    scaled[logs[group]] = np.log(values[logs[group]])
    centre, half = half_widths(scaled, group, counts)
    half[(poolings == "once") | (poolings == "proportion")] = np.nan
    value, low, high = (
        np.where(logs, np.exp(np.where(logs, end, 0.0)), end) for end in (centre, centre - half, centre + half)
    )
    for number in np.flatnonzero((poolings == "proportion") & (counts > 1)):
        hits = int(np.count_nonzero(values[group == number]))
        low[number], high[number] = clopper_pearson(hits, int(counts[number]))
    first = np.empty(len(poolings), dtype=np.intp)
    first[group[::-1]] = np.arange(len(values))[::-1]  # of equal indices the last assignment holds
    return np.where((counts == 1) | (poolings == "once"), values[first], value), low, high
