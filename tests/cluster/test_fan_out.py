"""The simulation behind the cost of very many cells: where its answer is known by hand."""

import pytest

from tests.benchmarks.fan_out import simulate, through_the_store


def test_cells_of_one_length_fill_nodes_that_cost_nothing():
    outcome = simulate(12, 4, [2.0], 0.0, 0.0)
    assert (outcome.seconds, outcome.efficiency, outcome.driver, outcome.lost) == (6.0, 1.0, 0.0, 0)


def test_the_overhead_is_paid_by_each_cell():
    assert simulate(12, 4, [2.0], 0.5, 0.0).seconds == 7.5
    assert simulate(12, 4, [2.0], 0.5, 0.0).efficiency == pytest.approx(0.8)


def test_a_driver_that_writes_slowly_is_the_limit():
    outcome = simulate(1000, 100, [1.0], 0.0, 0.1)
    assert outcome.seconds == pytest.approx(101, abs=1)
    assert outcome.driver == pytest.approx(1.0, abs=0.02)


def test_nodes_that_vanish_cost_their_cells_and_the_time_until_others_are_there():
    steady, failing = (simulate(1000, 10, [10.0], 0.0, 0.0, lifetime=life, away=100) for life in (1e12, 200))
    assert steady.lost == 0
    assert 20 < failing.lost < 100  # each of 1,000 with a chance of a twentieth
    assert failing.seconds > steady.seconds + 50


def test_more_nodes_than_cells_are_idle():
    assert simulate(2, 8, [1.0], 0.0, 0.0).efficiency == 0.25


def test_cells_that_do_nothing_leave_a_line_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers = through_the_store(40)
    assert numbers["lines"] == 40
    assert numbers["seconds"] > 0
