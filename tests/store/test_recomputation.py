"""Activation checkpointing: its time and memory beside the eager cell of the same run."""

from dataclasses import replace

import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.store.frame import frame_of
from bench.store.result import Measurement, Result
from bench.store.stored import parse_line

EAGER = Cell("lenet5", batch_size=1024, threads=1)
AGAIN = replace(EAGER, mode="recompute")


def quotients(*cells):
    """Of each cell with its metrics, a number for each process."""
    results = [
        Result(cell, "ok", repeat=repeat, measurements=(Measurement.of_value(metric, value, "p25", cell.threads),))
        for cell, metric, values in cells
        for repeat, value in enumerate(values)
    ]
    table = frame_of(parse_line(result.to_line().encode()) for result in results)
    chosen = table[table["metric"].str.startswith("recompute_", na=False)]
    return {(row["metric"], row["id"]): row for row in chosen.to_dict("records")}


def test_time_added_and_memory_saved_have_intervals():
    times = quotients((EAGER, "step", (1.0, 1.1)), (AGAIN, "step", (1.3, 1.4)))
    sizes = quotients((EAGER, "peak_memory", (800.0, 820.0)), (AGAIN, "peak_memory", (400.0, 405.0)))
    assert (set(times), set(sizes)) == ({("recompute_time", AGAIN.id)}, {("recompute_memory", AGAIN.id)})
    for row, over, below in (
        (*times.values(), [1.3, 1.4], [1.0, 1.1]),
        (*sizes.values(), [400.0, 405.0], [800.0, 820.0]),
    ):
        assert row["value"] == pytest.approx(stats.gmean(over) / stats.gmean(below))
        assert row["low"] < row["value"] < row["high"]


@pytest.mark.parametrize("change", [{"batch_size": 16}, {"accumulate": 4}, {"dtype": "bfloat16"}, {"mode": "compile"}])
def test_another_cell_is_no_denominator(change):
    assert quotients((replace(EAGER, **change), "step", (1.0,)), (AGAIN, "step", (1.5,))) == {}


def test_other_modes_have_none():
    assert quotients((EAGER, "step", (1.0,)), (replace(EAGER, mode="compile"), "step", (1.5,))) == {}
