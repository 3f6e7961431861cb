"""Loading: how long loaded steps take, fetch included, beside those of the resident cell of the run."""

from dataclasses import replace

import pytest
from scipy import stats

from bench.cli.render.loading import loading
from bench.plan.cell import Cell
from tests.store.test_accumulation import frame

RESIDENT = Cell("mlp", threads=1)
LOADED = replace(RESIDENT, loader="transforms_2")
TIMES = (RESIDENT, "step_wall", (1.0, 1.1)), (LOADED, "step_wall", (3.0, 3.2))


def test_time_is_that_of_the_loaded_step_over_that_of_the_resident():
    table = frame(*TIMES)
    (row,) = table[table["metric"] == "loading_time"].to_dict("records")
    assert row["id"] == LOADED.id
    assert row["value"] == pytest.approx(stats.gmean([3.0, 3.2]) / stats.gmean([1.0, 1.1]))
    assert row["low"] < row["value"] < row["high"]


@pytest.mark.parametrize("change", [{"threads": 2}, {"batch_size": 16}, {"augmentation": "shift"}])
def test_another_cell_is_no_denominator(change):
    table = frame((replace(RESIDENT, **change), "step_wall", (1.0,)), TIMES[1])
    assert "loading_time" not in {*table["metric"]}


def test_a_line_names_the_cell_and_what_it_costs_a_step():
    (line,) = loading(frame((RESIDENT, "step_wall", (1.0, 1.0)), (LOADED, "step_wall", (3.0, 3.0))))
    assert line == (
        "loading mlp-sgd-mnist-b64-cpu-t1-transforms_2: a step with its fetch takes 3.00 times a resident step "
        "(3.00 to 3.00)"
    )
    (line,) = loading(frame((RESIDENT, "step_wall", (1.0,)), (LOADED, "step_wall", (3.0,))))
    assert line.endswith("3.00 times a resident step (one process gives no interval)")
    assert loading(frame(TIMES[0])) == []
