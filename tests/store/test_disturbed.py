"""Disturbed: a result whose reference was slower than the run's best by more than it should."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.store.disturbed import disturbed, flagged, of_heads, of_results
from bench.store.result import Measurement, Result
from bench.store.run import create

CELL = Cell("lenet5")


def result(seconds, cell=CELL, repeat=0, threads=1):
    measured = (
        Measurement.of_value("step", 1e-5 * (1 + repeat), "p25", threads),  # of the cell: no matter here
        Measurement.of_value("relative_reference", seconds, "p10", threads),
    )
    return Result(cell, "ok", repeat=repeat, measurements=measured, system={"cpu": "made up"})


def test_more_than_a_twentieth_above_the_runs_best_is_disturbed():
    mlp = replace(CELL, architecture="mlp")
    results = [result(0.0104), result(0.0106, repeat=1), result(0.01, mlp), result(0.02, mlp, repeat=1)]
    assert disturbed(of_results(results)) == pytest.approx({(CELL.id, 1): 0.06, (mlp.id, 1): 1.0})


def test_a_reference_that_took_no_time_is_the_best_of_none(tmp_path):
    results = [result(0.0), result(0.01, repeat=1), result(0.0102, repeat=2)]
    run = create("mine", {"plan": {}}, tmp_path)
    for each in results:
        run.append(each)
    assert disturbed(of_results(results)) == disturbed(of_heads(run.heads())) == {}


def test_other_threads_devices_and_denormals_have_a_best_of_their_own():
    gpu, flushed = replace(CELL, device="cuda:0"), replace(CELL, denormals="flush")
    results = [
        result(0.01),
        result(0.005, replace(CELL, threads=2), threads=2),
        result(0.001, gpu),
        result(0.03, flushed),
    ]
    assert disturbed(of_results(results)) == {}


def test_stored_lines_get_a_warning_and_keep_theirs(tmp_path):
    run = create("mine", {"plan": {}}, tmp_path)
    for repeat, seconds in enumerate((0.01, 0.0116, 0.0101)):
        run.append(result(seconds, repeat=repeat))
    late = disturbed(of_heads(run.heads()))
    assert {key[:2]: share for key, share in late.items()} == pytest.approx({(CELL.id, 1): 0.16})
    warnings = [line["warnings"] for line in flagged(run.lines(), run.heads())]
    assert [len(each) for each in warnings] == [0, 1, 0]
    assert warnings[1][0]["kind"] == "reference disturbed"
    assert "16 % longer than at its best in this run" in warnings[1][0]["text"]
