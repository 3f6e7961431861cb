"""Elasticity: the slope that was planted is found, its interval covers it, and nothing is told where nothing shows."""

import numpy as np
import pytest

from bench.stats.elasticity import elasticity

TURNS = 15
NOISE = 0.01  # of each block


def processes(random, slope, count=3, disturbance=0.1):
    """Blocks of a cell that feels `slope` of what disturbs the reference, in spells of processes and of turns."""
    every = []
    for _ in range(count):
        felt = random.normal(0, disturbance) + random.normal(0, disturbance, TURNS)
        logs = [part * felt + random.normal(0, NOISE, TURNS) for part in (1.0, slope)]
        every.append(np.exp(np.column_stack(logs)))
    return every


@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("count", [3, 6])
def test_the_interval_covers_what_the_cell_feels(slope, count):
    random = np.random.default_rng(2)
    found = [elasticity(processes(random, slope, count)) for _ in range(400)]
    known = [one for one in found if one]
    assert len(known) > 380
    assert np.mean([one.value for one in known]) == pytest.approx(slope, abs=0.03)
    seen = slope / (1 + NOISE**2 / (2 * 0.1**2))  # noise of the reference's blocks pulls it towards 0
    assert np.mean([one.low <= seen <= one.high for one in known]) > 0.93


def test_a_quiet_machine_and_few_processes_tell_nothing():
    random = np.random.default_rng(3)
    assert elasticity(processes(random, 1.0, disturbance=0.005)) is None
    assert elasticity(processes(random, 1.0, count=2)) is None
    assert elasticity([]) is None


def test_processes_that_disagree_tell_nothing():
    random = np.random.default_rng(4)
    mixed = [processes(random, slope, count=1)[0] for slope in (-1.0, 0.5, 2.0)]
    assert elasticity(mixed) is None
