"""The geometric mean over cells: what it finds, and its error rates where cells share servers and minutes."""

import numpy as np
import pytest
from scipy import stats

from bench.stats.geometric_mean import COMMON_ALPHA, ROUNDS, common_loss, common_tolerance, geometric_mean
from bench.stats.sequential_test import look

LOGS = [0.01, -0.02, 0.03, 0.0, 0.02, -0.01]
STARTS = np.arange(ROUNDS) % 2
RUNS, SD = 20_000, 0.025


def planted(cells, common, shift=0.0, effect=0.0, seed=0):
    """The means over cells by round, of many runs: this share of the variance is common to the cells of a round."""
    draw = np.random.default_rng(seed)
    own = draw.normal(0, SD * np.sqrt((1 - common) / cells), (RUNS, ROUNDS))
    return own + draw.normal(0, SD * np.sqrt(common), (RUNS, ROUNDS)) + shift + effect * (STARTS - 0.5)


def test_it_finds_a_loss_too_small_for_any_cell():
    draw = np.random.default_rng(3)
    cells = [np.log(1.02) + 0.02 * stats.zscore(draw.normal(size=ROUNDS), ddof=1) for _ in range(20)]
    assert all(look(cell).outcome == "continue" for cell in cells)
    mean = geometric_mean(cells)
    assert mean.outcome == "fail"
    assert mean.ratio.value == pytest.approx(1.02)


def test_its_interval_is_t_over_the_means_of_rounds():
    cells = [LOGS, [2 * one for one in LOGS]]
    mean = geometric_mean(cells)
    rounds = np.mean(cells, axis=0)
    assert mean.half == pytest.approx(stats.t.ppf(1 - COMMON_ALPHA, 5) * rounds.std(ddof=1) / np.sqrt(6))
    assert (mean.n, mean.freedom) == (6, 5)


def test_only_the_first_rounds_count_since_cells_stop_where_they_look_fast():
    slow, fast = [*LOGS, *[0.5] * 14], LOGS
    assert geometric_mean([slow, fast]) == geometric_mean([LOGS, LOGS])


def test_what_all_cells_of_a_round_share_widens_it():
    draw = np.random.default_rng(0)
    shared = draw.normal(0, 0.01, ROUNDS)
    cells = [shared + draw.normal(0, 0.002, ROUNDS) for _ in range(50)]
    alone = np.sqrt(sum(np.var(cell, ddof=1) for cell in cells) / ROUNDS) / 50  # as if they were independent
    assert geometric_mean(cells).half > 5 * stats.t.ppf(1 - COMMON_ALPHA, 5) * alone / 2


@pytest.mark.parametrize("effect", [-0.03, 0.0, 0.03])
@pytest.mark.parametrize("common", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("cells", [2, 10, 50, 100])
def test_it_errs_in_three_of_a_thousand_on_either_side(cells, common, effect):
    found = common_loss(planted(cells, common, effect=effect), cells, 0.05, STARTS)
    mean, half = found.estimate.mean, found.half
    assert found.failed.mean() <= 0.003
    assert (mean + half < 0).mean() <= 0.003  # "improved"
    assert (abs(mean) <= half).mean() == pytest.approx(1 - 2 * COMMON_ALPHA, abs=0.002)
    lossy = common_loss(planted(cells, common, np.log1p(0.05), effect), cells, 0.05, STARTS)
    assert lossy.passed.mean() <= 0.003


def test_a_uniform_small_loss_over_many_cells_fails():
    """Fifty cells, all one percent slower: within each one's tolerance of 5 %, and beyond that of their mean."""
    assert common_tolerance(0.05, 50) == pytest.approx(0.0069, abs=1e-4)
    found = common_loss(planted(50, 0.0, np.log1p(0.01)), 50, 0.05, STARTS)
    assert found.failed.mean() >= 0.7
    assert common_loss(planted(50, 0.0, np.log1p(0.001)), 50, 0.05, STARTS).failed.mean() <= 0.02


def test_the_common_tolerance_of_one_cell_is_its_own():
    assert common_tolerance(0.05, 1) == pytest.approx(0.05)


@pytest.mark.parametrize(("common", "spread", "often"), [(0.0, 0.01, 1.0), (0.0, 0.025, 0.53), (0.25, 0.01, 0.13)])
def test_how_often_fifty_cells_that_are_all_one_percent_slower_fail(common, spread, often):
    """The README and docs/ci.md give these shares of comparisons, which take two runs that fail."""
    noise = planted(50, common) * spread / SD
    failed = common_loss(noise + np.log(1.01), 50, 0.05, STARTS).failed.mean()
    assert failed**2 == pytest.approx(often, abs=0.02)
