"""What readings remember of the last one: by hand on blocks of ones, then on series whose memory is known."""

import numpy as np
import pytest

from bench.stats.autocorrelation import MOST, autocorrelation, worth

BLOCKS = np.repeat([1.0, -1.0, 1.0, -1.0], 4)  # of 15 products 12 are 1 and 3 are -1, over 16 squares
WIDEST = 3 * 1.4826  # what a reading may lie off, where half of all lie 1 off


@pytest.mark.parametrize(("parameters", "corrected"), [(1, (1 + 2 * 9 / 16) / 16), (2, (2 + 3 * 9 / 16) / 16)])
def test_what_the_model_takes_is_made_up_for(parameters, corrected):
    assert autocorrelation(BLOCKS, parameters) == pytest.approx(9 / 16 + corrected)


def test_a_wild_reading_is_pulled_in():
    wild = np.concatenate([[1000.0], BLOCKS[1:]])
    r = (8 + WIDEST) / (15 + WIDEST**2)
    assert autocorrelation(wild, 1) == pytest.approx(r + (1 + 2 * r) / 16)


def test_where_most_readings_are_alike_none_is_pulled_in():
    assert autocorrelation(np.array([0.0] * 10 + [3.0] * 3), 0) == pytest.approx(18 / 27 * (1 + 1 / 13))


def test_it_has_bounds():
    assert autocorrelation(np.repeat([1.0, -1.0], 8), 1) == MOST  # 13/16 + (1 + 26/16) / 16 would be 0.977
    assert autocorrelation(np.tile([1.0, -1.0], 8), 1) == 0.0
    assert autocorrelation(np.repeat([1.0, -1.0, 1.0, -1.0], 2), 1) == 0.0  # 0.28 of eight readings is chance
    assert autocorrelation(np.zeros(9), 1) == 0.0


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.7])
def test_a_memory_that_was_planted_is_found(memory):
    random, series = np.random.default_rng(1), [0.0]
    for shock in random.normal(0, 1, 4000):
        series.append(memory * series[-1] + shock)
    assert autocorrelation(np.array(series), 1) == pytest.approx(memory, abs=0.05)


@pytest.mark.parametrize(("r", "factor"), [(0.0, 1.0), (0.6, 0.5), (0.8, 1 / 3)])
def test_what_a_z_score_is_worth(r, factor):
    assert worth(r) == pytest.approx(factor)


def test_readings_that_do_not_differ_are_no_reason_for_a_warning():
    with np.errstate(all="raise"):
        assert autocorrelation(np.full(9, 0.25), 1) == 0.0
