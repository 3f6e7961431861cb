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


@pytest.mark.parametrize(("count", "quantile"), [(3, 4.302653), (4, 3.182446)])  # t_{.975}, one degree less than count
def test_the_interval_is_the_jackknife_s_by_hand(count, quantile):
    every = processes(np.random.default_rng(5), 0.8, count)
    logs = [np.log(pairs) for pairs in every]

    def slope(parts):
        return np.polyfit(*np.concatenate(parts).T, 1)[0]

    without = [slope([other for other in logs if other is not left_out]) for left_out in logs]
    error = np.sqrt((count - 1) ** 2 / count * np.var(without, ddof=1))
    found = elasticity(every)
    assert (found.value, found.n) == (pytest.approx(slope(logs)), count)
    assert found.high - found.value == pytest.approx(quantile * error, rel=1e-6)
    assert found.value - found.low == pytest.approx(quantile * error, rel=1e-6)


def test_an_interval_that_holds_both_answers_tells_nothing():
    """Of 0 and 1, that is: half of it is more than 0.5."""
    known = []
    for spread in (0.02, 0.3):
        mixed = [processes(np.random.default_rng(6), slope, count=1)[0] for slope in (1 - spread, 1.0, 1 + spread)]
        known.append(elasticity(mixed))
    assert known[0].high - known[0].value < 0.5
    assert known[1] is None
