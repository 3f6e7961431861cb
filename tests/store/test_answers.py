"""Intervals of what an engine loses: over test images with one seed, over seeds with several."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.stats.multiple_testing import clopper_pearson
from bench.stats.paired import accuracy_lost
from bench.store.frame import configurations, frame_of
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.stored import parse_line

CELL = Cell("mlp", engine="bfloat16")


def result(cell, lost, gained, images=1000, repeat=0):
    values = {
        "accuracy_lost": (lost - gained) / images,
        "answers_differ": (lost + gained) / images,
        "answers_lost": lost,
        "answers_gained": gained,
        "answers_scored": images,
    }
    taken = tuple(Measurement.of_value(name, float(value), "final") for name, value in values.items())
    return Result(cell, "ok", repeat=repeat, measurements=(taken if repeat == 0 else ()))


def rows(results):
    table = frame_of(parse_line(each.to_line().encode()) for each in results)
    return {row["metric"]: row for row in table.to_dict("records")}


def test_with_one_seed_images_tell_how_sure_it_is():
    known = rows([result(CELL, 30, 10), result(CELL, 0, 0, repeat=1)])
    over = accuracy_lost(30, 10, 1000)
    assert [known["accuracy_lost"][name] for name in ("value", "low", "high")] == [over.value, over.low, over.high]
    assert [known["answers_differ"][name] for name in ("low", "high")] == [*clopper_pearson(40, 1000)]


def test_each_cell_has_its_own_images():
    cells = [CELL, replace(CELL, engine="static_int8")]
    table = frame_of(
        parse_line(result(cell, lost, 0).to_line().encode()) for cell, lost in zip(cells, (3, 300), strict=True)
    )
    ends = dict(zip(*(table.loc[table["metric"] == "accuracy_lost", name] for name in ("id", "high")), strict=True))
    assert ends[cells[0].id] < 0.01
    assert ends[cells[1].id] > 0.3


def test_with_several_seeds_they_do(tmp_path):
    run = create("mine", {}, tmp_path)
    for seed, lost in enumerate((10, 20, 30)):
        run.append(result(replace(CELL, seed=seed), lost, 0))
    table = configurations(run)
    (row,) = table[table["metric"] == "accuracy_lost"].to_dict("records")
    assert (row["value"], row["n"]) == (pytest.approx(0.02), 3)
    assert (row["high"] - row["value"]) / 0.01 == pytest.approx(4.303 / 3**0.5, rel=1e-3)  # Student's t, 2 degrees
