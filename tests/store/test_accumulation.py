"""Accumulation: time and memory of a batch in parts, beside the whole batch of the same run."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.store.frame import frame_of
from bench.store.result import Measurement, Result
from bench.store.stored import parse_line

WHOLE = Cell("mlp", batch_size=64, threads=1)
PARTS = replace(WHOLE, accumulate=4)


def frame(*cells):
    """Of each cell with its metrics, a number for each process."""
    results = [
        Result(cell, "ok", repeat=repeat, measurements=(Measurement.of_value(metric, value, "p25", cell.threads),))
        for cell, metric, values in cells
        for repeat, value in enumerate(values)
    ]
    return frame_of(parse_line(result.to_line().encode()) for result in results)


def rows(table):
    chosen = table[table["metric"].str.startswith("accumulation_", na=False)]
    return {(row["metric"], row["id"]): row for row in chosen.to_dict("records")}


def test_time_and_memory_are_those_of_the_parts_over_those_of_the_whole():
    known = rows(frame((WHOLE, "step", (1.0, 1.1)), (PARTS, "step", (1.5, 1.6))))
    row = known["accumulation_time", PARTS.id]
    assert set(known) == {("accumulation_time", PARTS.id)}
    assert row["value"] == pytest.approx(stats.gmean([1.5, 1.6]) / stats.gmean([1.0, 1.1]))
    assert row["low"] < row["value"] < row["high"]
    assert (row["n"], row["unit"], row["direction"]) == (2, "1", "lower")

    row = rows(frame((WHOLE, "peak_memory", (800.0,)), (PARTS, "peak_memory", (200.0,))))[
        "accumulation_memory", PARTS.id
    ]
    assert row["value"] == pytest.approx(0.25)
    assert np.isnan(row["low"])  # one process gives no interval


@pytest.mark.parametrize("change", [{"threads": 2}, {"batch_size": 16}, {"seed": 1}, {"dtype": "bfloat16"}])
def test_another_cell_is_no_denominator(change):
    assert rows(frame((replace(WHOLE, **change), "step", (1.0,)), (PARTS, "step", (1.5,)))) == {}


def test_whole_batches_alone_tell_none():
    assert rows(frame((WHOLE, "step", (1.0,)))) == {}
