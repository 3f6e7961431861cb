"""False alarms: how often a series in which nothing changes shows a change, looked at after every run; by simulation.

The table comes from 200 seeded series each through `bench.stats.change_points`; a test makes them again.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bench.stats.autocorrelation import autocorrelation
from bench.stats.change_points import LEAST, WINDOW, Change
from bench.stats.trend import trend

READINGS = (60, 120)
# Spread of the readings and autocorrelation at lag 1: the share of series that show a change within READINGS.
RATES: Mapping[tuple[float, float], tuple[float, float]] = {
    (0.015, 0.0): (0.005, 0.005),
    (0.015, 0.4): (0.035, 0.06),
    (0.015, 0.7): (0.12, 0.155),
    (0.03, 0.0): (0.015, 0.015),
    (0.03, 0.4): (0.125, 0.17),
    (0.03, 0.7): (0.27, 0.33),
    (0.05, 0.0): (0.025, 0.065),
    (0.05, 0.4): (0.2, 0.33),
    (0.05, 0.7): (0.31, 0.41),
}
SPREADS = sorted({spread for spread, _ in RATES})
MEMORIES = sorted({memory for _, memory in RATES})


def false_alarm_rate(logs: npt.ArrayLike, moves: Sequence[Change]) -> float:
    """Of the simulated series that are most like this one, how many showed a change; 0 for one that is too short.

    Args:
        logs: the series.
        moves: its changes; what differs between them is no noise.

    """
    values = np.asarray(logs, dtype=float)
    if values.size < 2 * LEAST:
        return 0.0
    longest = max(np.split(values, [move.index for move in moves]), key=len)
    rest = trend(longest[-WINDOW:]).rest
    spread = 1.4826 * float(np.median(np.abs(rest)))
    r = autocorrelation(rest, 2)
    wider = next((known for known in SPREADS if known >= spread), SPREADS[-1])
    nearest = min(MEMORIES, key=lambda known: abs(known - r))
    return RATES[wider, nearest][int(values.size > READINGS[0])]
