"""Flags: what speaks against a cell's numbers stands with them, in how many of its processes."""

import json
from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.store.flags import missed
from bench.store.frame import configurations, frame
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning
from tests.explain import made

CELL = Cell("mlp")
FLAGS = "contended 2 of 3; not steady 1 of 3; target 3 % not met"


def process(repeat, cost, kinds=(), cell=CELL, reference=1e-3):
    readings = (
        Measurement("step", "s", "lower", 1e-3, "p25", 1),
        Measurement("relative_cost", "1", "lower", cost, "p10", 1),
        Measurement("relative_reference", "s", "lower", reference, "p10", 1),
    )
    warnings = tuple(Warning("phases", kind, None, "a sentence") for kind in kinds)
    return Result(cell, "ok", None, repeat, readings, warnings=warnings)


@pytest.fixture
def record(tmp_path):
    def write(*results, **plan):
        run = create("mine", {"status": "finished", "command": "c", "plan": plan}, tmp_path / "results")
        for result in results:
            run.append(result)
        return run

    return write


def flags_of(table):
    return table.drop_duplicates("id").set_index("id")["flags"].to_dict()


NOISY = (process(0, 1.0, ["contended"]), process(1, 2.0, ["contended", "not steady"]), process(2, 1.5))


def test_kinds_are_counted_over_processes(record):
    run = record(*NOISY, precision=0.03)
    assert flags_of(frame(run)) == flags_of(configurations(run)) == {CELL.id: FLAGS}


def test_nothing_speaks_against_a_quiet_cell(record):
    run = record(process(0, 1.0), process(1, 1.01), process(2, 0.99), precision=0.5)
    assert flags_of(frame(run)) == {CELL.id: None}


def test_seeds_are_counted_together(record):
    other = replace(CELL, seed=1)
    run = record(process(0, 1.0, ["faulting"]), process(0, 1.0, ["faulting"], cell=other))
    assert flags_of(configurations(run)) == {CELL.id: "faulting 2 of 2"}
    assert flags_of(frame(run)) == {CELL.id: "faulting 1 of 1", other.id: "faulting 1 of 1"}


def test_a_reference_that_was_disturbed_is_flagged(record):
    run = record(process(0, 1.0), process(1, 1.0, reference=2e-3))
    assert flags_of(frame(run)) == {CELL.id: "reference disturbed 1 of 2"}


def test_what_was_skipped_is_no_process(record):
    run = record(Result(CELL, "skipped", "no time"))
    assert flags_of(frame(run)) == {CELL.id: None}


@pytest.mark.parametrize(
    ("half", "target", "said"),
    [(0.05, 0.03, "target 3 % not met"), (0.02, 0.03, ""), (None, 0.03, ""), (float("nan"), 0.03, ""), (9.0, None, "")],
)
def test_a_target_is_missed_by_a_wider_interval(half, target, said):
    assert missed(half, target) == said


def test_flags_stand_in_table_csv_and_json(record, typed):
    record(*NOISY, precision=0.03)
    assert typed("show", "mine", "--wide").stdout.splitlines()[1].split("  ")[-2].strip() == f"ok; {FLAGS}"
    assert f",ok,,{FLAGS}," in typed("show", "mine", "--csv").stdout
    shown = json.loads(typed("show", "mine", "--json").stdout)
    assert {row["flags"] for key in ("rows", "configurations") for row in shown[key]} == {FLAGS}


def test_a_baseline_and_a_check_name_what_is_flagged(tmp_path, typed):
    contended = (Warning("phases", "contended", 0.5, "a neighbour"),)
    results = [made.result(CELL, 3e-3, repeat=repeat, warnings=contended if repeat < 2 else ()) for repeat in range(3)]
    made.run(tmp_path / "results", "mine", results, started="2026-01-01")
    saved = typed("baseline", "save", "mine")
    assert saved.returncode == 0
    assert f"bench: accepted although flagged: {CELL.id} (contended 2 of 3)" in saved.stderr.splitlines()
    notes = json.loads(typed("check", "mine", "--no-ab", "--json").stdout)["notes"]
    assert f"flagged in this run: {CELL.id} (contended 2 of 3)" in notes
