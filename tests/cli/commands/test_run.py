"""The command `run`, really run: what is recorded, what is printed, and that the half that orchestrates stays light."""

import json
from dataclasses import fields

import pytest

from bench.plan.cell import Cell
from bench.plan.plan import SETTINGS
from bench.store.run import load
from bench.vocabulary import STATUSES


@pytest.fixture
def run(recorded):
    return load("tiny", recorded.folder / "results")


def test_the_standard_output_is_one_json_document(recorded):
    assert recorded.returncode == 0
    assert recorded.stdout.count("\n") == 1
    assert isinstance(json.loads(recorded.stdout), dict)


def test_the_document_says_what_came_of_it_and_where_it_is(recorded):
    document = recorded.document
    assert (document["run"], document["status"], document["results"]) == ("tiny", "finished", "results/tiny")
    assert document["counts"] == {status: 2 if status == "ok" else 0 for status in STATUSES}
    assert not document["report"].startswith("/")
    page = recorded.folder / document["report"]
    assert page.read_text("utf-8").lstrip().lower().startswith("<!doctype html>")


def test_nothing_else_is_written(recorded):
    written = {path.relative_to(recorded.folder).as_posix() for path in (recorded.folder / "results").rglob("*")}
    assert written == {"results/tiny", "results/tiny/run.json", "results/tiny/results.jsonl"}
    assert {path.name for path in recorded.folder.iterdir()} == {"results", "reports"}


def test_the_half_that_orchestrates_never_imports_torch(recorded):
    assert "bench.session.scheduler" in recorded.modules
    heavy = {name for name in recorded.modules if name.partition(".")[0] in ("torch", "torchvision", "architectures")}
    assert heavy == set()
    assert {name for name in recorded.modules if name.startswith(("bench.measure", "bench.data"))} == set()


def test_progress_is_plain_lines_where_there_is_no_terminal(recorded):
    assert "\r" not in recorded.stderr
    assert "\033" not in recorded.stderr
    results = [line for line in recorded.stderr.splitlines() if line.startswith("[")]
    assert len(results) == 2
    assert all(": ok, step " in line for line in results)


def test_what_paints_is_imported_only_where_something_is_painted(recorded):
    assert {name for name in recorded.modules if name.partition(".")[0] == "rich"} == set()


def test_facts_say_what_was_asked_for_and_how_it_ended(run):
    facts = run.facts
    assert facts.status == "finished"
    assert facts.command.startswith("python -m bench run --architectures debug faulty_prints")
    assert set(facts.plan) == set(SETTINGS)
    assert facts.plan["architectures"] == ["debug", "faulty_prints"]
    assert facts.started <= facts.finished
    assert {"torch", "numpy"} <= set(facts.versions)
    assert list(run.stored["architectures"]) == ["debug", "faulty_prints"]


def test_every_cell_has_its_line_with_all_there_is_to_know(run):
    results = run.results()
    assert sorted(result.cell.architecture for result in results) == ["debug", "faulty_prints"]
    for result in results:
        assert (result.status, result.reason, result.repeat) == ("ok", None, 0)
        metrics = {one.metric for one in result.measurements}
        assert {"step", "forward", "backward", "optimizer", "throughput", "inference", "relative_cost"} <= metrics
        assert {"parameters", "peak_memory", "accuracy"} <= metrics
        assert result.blocks
        assert result.training["epochs"][-1]["epoch"] == 1
        assert {"cpu", "torch"} <= set(result.system)
        assert result.seconds > 0


def test_show_prints_a_table(recorded, typed, monkeypatch):
    monkeypatch.chdir(recorded.folder)
    done = typed("show", "tiny")
    assert (done.returncode, done.stderr) == (0, "")
    heading, _, table = done.stdout.partition("\n\n")
    _, *rows = table.splitlines()
    assert heading.startswith("2 cells: sgd \u00b7 synthetic \u00b7 batch 64 \u00b7 cpu \u00b7 ")
    assert {row.split()[0] for row in rows[:2]} == {"debug", "faulty_prints"}
    widest = typed("show", "tiny", "--wide").stdout.splitlines()
    assert widest[0].split()[0] == "cell"
    assert {row.split("-")[0] for row in widest[1:3]} == {"debug", "faulty_prints"}
    assert typed("show", "tiny", "--columns", "step").stdout.partition("\n\n")[2].split()[0] == "step"


def test_columns_go_with_a_run(typed):
    done = typed("show", "architecture", "lenet5", "--columns", "step")
    assert (done.returncode, done.stderr) == (2, "bench: --columns goes with a run: leave it out\n")


def test_show_takes_the_latest_run_and_the_path_of_one_too(recorded, typed, monkeypatch):
    monkeypatch.chdir(recorded.folder)
    by_name = typed("show", "tiny").stdout
    assert typed("show").stdout == by_name
    assert typed("show", recorded.folder / "results" / "tiny").stdout == by_name


def test_show_json_is_the_facts_and_a_row_for_each_metric(recorded, typed, monkeypatch, run):
    monkeypatch.chdir(recorded.folder)
    done = typed("show", "tiny", "--json")
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert done.stderr == ""
    assert document["run"] == "tiny"
    stored = {
        (result.cell.id, one.metric): one.value
        for result in run.results()
        for one in result.measurements
        if one.value is not None
    }
    shown = {(row["id"], row["metric"]): row["value"] for row in document["rows"]}
    assert shown == pytest.approx(stored, rel=1e-6)
    assert {row["low"] for row in document["rows"]} == {None}


def test_show_csv_is_the_same_table(recorded, typed, monkeypatch, run):
    import io

    import pandas as pd

    from bench.store.frame import frame

    monkeypatch.chdir(recorded.folder)
    done = typed("show", "tiny", "--csv")
    table = pd.read_csv(io.StringIO(done.stdout))
    expected = frame(run)
    assert done.stderr == ""
    assert list(table.columns) == list(expected.columns)
    assert {field.name for field in fields(Cell)} <= set(table.columns)
    assert table["value"].tolist() == pytest.approx(expected["value"].tolist())


def test_the_run_is_listed(recorded, typed, monkeypatch):
    monkeypatch.chdir(recorded.folder)
    (entry,) = json.loads(typed("list", "runs", "--json").stdout)
    assert (entry["run"], entry["status"]) == ("tiny", "finished")


def test_the_report_can_be_written_again(recorded, typed, monkeypatch):
    monkeypatch.chdir(recorded.folder)
    done = typed("report", "tiny")
    assert done.returncode == 0
    assert (recorded.folder / done.stdout.strip()).is_file()


def test_a_name_that_is_taken_is_refused_and_its_results_are_left_alone(recorded, typed, monkeypatch):
    monkeypatch.chdir(recorded.folder)
    before = (recorded.folder / "results/tiny/results.jsonl").read_bytes()
    done = typed("run", "--architectures", "debug", "--datasets", "synthetic", "--run", "tiny", "--concurrent")
    assert done.returncode == 2
    assert "exists already: choose another name with --run NAME" in done.stderr
    assert (recorded.folder / "results/tiny/results.jsonl").read_bytes() == before


GRID = ("--architectures", "debug", "mlp", "--datasets", "synthetic", "--batch-sizes", "16", "64", "--seeds", "0", "1")


def test_a_dry_run_prints_every_cell_and_writes_nothing(typed, tmp_path):
    done = typed("run", *GRID, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    cells = done.stdout.split("\n\n")[0].splitlines()
    assert len(cells) == len(set(cells)) == 8
    assert "about" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_as_json(typed, tmp_path):
    fused = ("--optimizers", "sgd", "lbfgs", "--implementations", "fused")
    done = typed("run", *GRID, *fused, "--dry-run", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert document["plan"]["seeds"] == [0, 1]
    assert {cell["architecture"] for cell in document["cells"]} == {"debug", "mlp"}
    assert len(document["cells"]) == len(document["skipped"]) == 8
    assert all("lbfgs has no fused implementation" in one["reason"] for one in document["skipped"])
    assert document["seconds"] > 0
    assert list(tmp_path.iterdir()) == []
