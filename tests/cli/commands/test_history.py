"""The command `history`, in a folder of recorded runs."""

import json

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.result import SCHEMA, Measurement, Result
from bench.store.run import create


@pytest.fixture
def recorded_runs(tmp_path):
    random = np.random.default_rng(1)
    for number in range(24):
        git = {"revision": f"{number:03}".ljust(40, "f"), "committed": f"2026-01-{number + 1:02}T00:00:00+00:00"}
        run = create(f"run{number}", {"git": git, "plan": {}}, tmp_path / "results")
        cost = float(np.exp(random.normal(0, 0.01) + (0.2 if number >= 12 else 0)))
        for seed in range(2):
            found = (
                Measurement("relative_cost", "1", "lower", cost * (1 + seed / 100), "p10", 1),
                Measurement("accuracy", "1", "higher", 0.98 + random.normal(0, 0.001), "final"),
            )
            cell = Cell("<script>alert(1)</script>", seed=seed)
            run.append(Result(cell, "ok", measurements=found, system={"cpu": "made up"}))
    return tmp_path


def test_the_change_the_command_and_the_page(recorded_runs, typed):
    done = typed("history")
    assert (done.returncode, done.stderr) == (0, "")
    assert "at 012fffffff (2026-01-13)" in done.stdout
    assert "to confirm: python -m bench ab 011fffffff 012fffffff" in done.stdout
    page = (recorded_runs / "reports" / "history.html").read_text("utf-8")
    assert page.count("<figure") == 2
    assert "<script>" not in page
    assert "python -m bench ab 011fffffff 012fffffff" in page
    assert "None found" not in page


def test_as_json(recorded_runs, typed):
    document = json.loads(typed("history", "--json", "--no-report").stdout)
    assert not (recorded_runs / "reports").exists()
    cost = next(one for one in document["series"] if one["metric"] == "relative_cost")
    assert len(cost["points"]) == 24
    assert cost["changes"][0]["index"] == 12
    assert cost["changes"][0]["ab"].startswith("python -m bench ab 011fffffff 012fffffff")


def test_a_damaged_run_is_left_out_and_told(recorded_runs, typed):
    path = recorded_runs / "results" / "run3" / "results.jsonl"
    path.write_text("damage\n" + path.read_text())
    done = typed("history")
    assert done.returncode == 0
    assert "left out" in done.stderr
    assert "run3" in done.stderr


def test_a_run_of_another_version_is_left_out_and_told(recorded_runs, typed):
    path = recorded_runs / "results" / "run3" / "run.json"
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA}', '"schema": 1'))
    done = typed("history", "--json", "--no-report")
    assert {point["run"] for series in json.loads(done.stdout)["series"] for point in series["points"]} == {
        f"run{number}" for number in range(24) if number != 3
    }
    assert f"run3/run.json has schema 1, this version reads {SCHEMA}: " in done.stderr


def test_nothing_recorded_or_nothing_that_matches(typed, recorded_runs):
    assert "no recorded cell matches" in typed("history", "vgg*").stderr
    assert typed("history", "vgg*").returncode == 2


def test_nothing_but_runs_of_another_version(typed, tmp_path):
    for name in ("first", "second"):
        create(name, {"plan": {}}, tmp_path / "results")
        (tmp_path / "results" / name / "run.json").write_text('{"schema": 1}')
    done = typed("history")
    *left_out, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(left_out)) == (2, "", 2)
    assert last == "bench: results/ has 2 runs, but none that this version reads: measure again, python -m bench run"


def test_an_empty_folder(typed):
    done = typed("history")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no run is recorded" in done.stderr


def test_it_says_how_often_it_errs_as_it_is_used(recorded_runs, typed):
    done = typed("history")
    assert "Looked at after every run, 60 readings of a series in which nothing changes show a change in" in done.stdout
    assert "Looking at one series here, one expects 0.0" in done.stdout
    assert "Looked at after every run" in (recorded_runs / "reports" / "history.html").read_text("utf-8")
    document = json.loads(typed("history", "--json", "--no-report").stdout)
    assert 0 < document["by_chance"] < 1
