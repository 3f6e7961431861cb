"""Which cells of a plan have their energy counted, and what is said of the others."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.energy import energy_left_out, is_counted
from bench.plan.estimate import least_seconds
from bench.plan.grid import task_of
from bench.plan.plan import Plan
from bench.plan.task import request_of
from bench.plan.timing import IDLE_SECONDS
from tests.plan.conftest import facts_of

PLAN = Plan(energy=True, order_seed=1)
CPU, GPU, RANKS = Cell("mlp"), Cell("mlp", device="cuda:0"), Cell("mlp", world_size=2)
DEVICES = {**facts_of("cpu"), **facts_of("cuda:0", energy="there is no driver")}


def test_a_cell_is_counted_where_it_is_asked_and_its_device_can():
    assert [is_counted(cell, PLAN, DEVICES) for cell in (CPU, GPU, RANKS)] == [True, False, False]
    assert not is_counted(CPU, Plan(), DEVICES)
    assert [task_of(cell, PLAN, 0, DEVICES).energy for cell in (CPU, GPU)] == [True, False]


def test_what_is_left_out_is_told_with_the_reason():
    assert energy_left_out([CPU], PLAN, DEVICES) == []
    assert energy_left_out([CPU, GPU, replace(GPU, seed=1), RANKS], PLAN, DEVICES) == [
        "no energy is told of some cells: cuda:0: there is no driver",
        "no energy is told of some cells: the counters are of all ranks together, so that cells of several have none",
    ]
    assert energy_left_out([GPU], Plan(), DEVICES) == []


def test_a_plan_none_of_whose_cells_can_tell_is_refused():
    with pytest.raises(BenchError, match="no energy can be told: cuda:0: there is no driver: leave out --energy"):
        energy_left_out([GPU], PLAN, DEVICES)


def test_the_counters_are_looked_for_only_where_they_are_asked_for_and_idle_time_is_foreseen():
    assert (request_of(PLAN).energy, request_of(Plan()).energy) == (True, False)
    longer = least_seconds([CPU, GPU], PLAN) - least_seconds([CPU, GPU], Plan())
    assert longer == pytest.approx(2 * IDLE_SECONDS)
