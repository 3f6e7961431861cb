"""A page of a run that was cut short: what was measured in part stands there as that, with its figures and a place."""

import pytest

from bench.plan.cell import Cell
from bench.report import load, run_sheet
from bench.report.conclusions import conclusions, counts
from bench.report.page import page
from bench.store.result import Measurement, Result
from bench.store.run import create

CUT = "the run was interrupted before its turn"


@pytest.fixture
def run(tmp_path):
    """Two nets over two seeds, two processes each: of mlp a seed never had its turn, of vgg4 a repeat is missing."""
    run = create("mine", {"status": "interrupted", "plan": {"repeats": 2, "seeds": [0, 1]}}, tmp_path)
    for net, seed, costs in (("mlp", 0, (1.0, 1.01)), ("vgg4", 0, (4.0, 4.04)), ("vgg4", 1, (4.02,))):
        for repeat, cost in enumerate(costs):
            measured = (Measurement.of_value("relative_cost", cost, "p10", 1),)
            run.append(Result(Cell(net, seed=seed), "ok", repeat=repeat, measurements=measured))
    run.append(Result(Cell("mlp", seed=1), "skipped", CUT))
    return run


def test_what_was_measured_in_part_is_neither_skipped_nor_without_a_place(run):
    record = load.read(run)
    assert [(row.label, row.status, row.reason, str(row.begun)) for row in record.rows] == [
        ("mlp", "ok", None, "2 of 4"),
        ("vgg4", "ok", None, "3 of 4"),
    ]
    assert counts(record) == "2 unfinished"
    claims = {sentence.topic: sentence.claim for sentence in conclusions(record)}
    assert claims["Cheapest step"].startswith("mlp")
    assert "Missing" not in claims


def test_the_page_says_how_much_of_each_and_what_that_means(run):
    text = page(load.read(run))
    assert ">2 of 4</span>" in text
    assert ">3 of 4</span>" in text
    assert "2 of 4: so many of its processes were measured" in text
    assert "Processes measured of those asked for: mlp 2 of 4 and vgg4 3 of 4." in text
    reasons = [row["reason"] for row in run_sheet.sheet(load.read(run)).values]
    assert reasons == ["2 of 4 processes measured", "3 of 4 processes measured"]


def test_what_never_began_or_went_wrong_stays_that(run):
    run.append(Result(Cell("vgg6", seed=0), "skipped", CUT))
    run.append(Result(Cell("lenet5", seed=0), "oom", "it took 9 GB"))
    rows = {row.label: row for row in load.read(run).rows}
    assert (rows["vgg6"].status, rows["vgg6"].begun) == ("skipped", None)
    assert (rows["lenet5"].status, rows["lenet5"].reason, rows["lenet5"].begun) == ("oom", "it took 9 GB", None)


def test_what_went_wrong_is_told_whatever_else_was_left_out_before_it(run):
    run.append(Result(Cell("mlp", seed=1), "oom", "it took 9 GB", repeat=1))
    row = {row.label: row for row in load.read(run).rows}["mlp"]
    assert (row.status, row.reason, row.begun) == ("oom", "it took 9 GB", None)


def test_a_run_that_finished_has_nothing_unfinished(run):
    run.note(status="finished")
    assert [(row.status, row.begun) for row in load.read(run).rows] == [("ok", None), ("ok", None)]
