"""The command `import`: a file of pytest-benchmark becomes a run that every other command reads."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create, load

STORE = Path(__file__).parents[2] / "store"
FILE, FIGURES = STORE / "pytest_benchmark_4.json", STORE / "timm_infer.csv"
NAME = "test_sums.py::test_sum[10]"
# What no file of pytest-benchmark says, in the form that would claim it.
CLAIMS = ("each of a fresh process", "<dt>Seeds</dt>", "<dt>Reference</dt>", "cheapest", "float32", "cross_entropy")


@pytest.fixture
def mine(typed):
    """The command line, with the file imported as the run `mine`."""
    assert typed("import", FILE, "--run", "mine").returncode == 0
    return typed


def body(path):
    """What a page says, without its script and style."""
    return re.sub(r"<(script|style).*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)


def test_two_imported_runs_are_compared(mine, typed, tmp_path):
    def slower(document):
        for benchmark in document["benchmarks"]:
            benchmark["stats"]["median"] *= 1.5

    later = changed(tmp_path / "later.json", slower)
    assert typed("import", later, "--run", "later").returncode == 0
    done = typed("report", "mine", "later", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    (compared,) = document["movers"]
    names = [line["id"] for line in load("mine").lines()]
    assert sorted(move["net"] for move in compared["moves"]) == sorted(names)
    assert [move["change"] for move in compared["moves"]] == [pytest.approx(1.5)] * len(names)
    assert {(move["metric"], move["outcome"]) for move in compared["moves"]} == {("call", "not told")}
    page = body(Path(document["report"]))
    assert NAME in page
    assert "its ratio is no verdict" in page
    assert "None" not in page


def changed(path, change):
    document = json.loads(FILE.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def test_an_imported_file_is_a_run_like_any_other(typed, tmp_path):
    done = typed("import", FILE, "--run", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert "imported" in done.stdout
    assert NAME in done.stdout
    shown = typed("show", "mine").stdout
    assert NAME in shown
    assert "call" in shown
    rows = json.loads(typed("show", "mine", "--json").stdout)["rows"]
    assert {row["metric"] for row in rows} == {"call"}
    assert typed("report", "mine").returncode == 0
    page = (tmp_path / "reports" / "mine.html").read_text("utf-8")
    assert NAME in page
    assert "bench run --architectures test_sums" not in page  # nobody could run that


def test_the_name_follows_from_the_file_and_is_taken_only_once(typed):
    first = typed("import", FILE, "--json")
    assert json.loads(first.stdout)["run"] == "pytest_benchmark_4"
    again = typed("import", FILE)
    assert again.returncode == 2
    assert "choose another name with --run NAME" in again.stderr


def test_a_damaged_file_records_nothing(typed, tmp_path):
    (tmp_path / "half.json").write_text(FILE.read_text()[:500])
    done = typed("import", "half.json")
    assert done.returncode == 2
    assert done.stderr.startswith("bench: half.json is not whole JSON")
    assert not (tmp_path / "results").exists()


def test_an_imported_run_cannot_be_resumed(mine):
    done = mine("run", "--resume", "mine")
    assert done.returncode == 2
    assert "imported" in done.stderr


def test_what_the_file_does_not_say_is_null_everywhere(mine, tmp_path):
    (row, _) = csv.DictReader(io.StringIO(mine("show", "mine", "--csv").stdout))
    silent = ("device", "threads", "dtype", "batch_size", "loss", "mode", "denormals", "split", "seed", "optimizer")
    assert {row[name] for name in silent} == {""}
    document = json.loads(mine("show", "mine", "--json").stdout)
    assert {document["rows"][0][name] for name in silent} == {None}
    assert document["configurations"][0]["seeds_run"] == []
    (line, _) = map(json.loads, (tmp_path / "results" / "mine" / "results.jsonl").read_text().splitlines())
    assert {line["cell"][name] for name in silent} == {None}
    assert line["seconds"] is None
    mine("report", "mine")
    page = body(tmp_path / "reports" / "mine.html")
    assert [claim for claim in CLAIMS if claim in page] == []
    assert "None" not in page
    series = json.loads(mine("history", "--json", "--no-report").stdout)["series"]
    assert "threads" not in series[0]["machine"]


def test_the_figures_of_the_rounds_are_shown_everywhere(mine, tmp_path):
    stats = json.loads(FILE.read_text())["benchmarks"][0]["stats"]
    (row, _) = csv.DictReader(io.StringIO(mine("show", "mine", "--csv").stdout))
    for name in ("rounds", "iterations", "min", "q1", "q3", "max", "mean", "stddev", "iqr"):
        assert float(row[name]) == stats[name]
    mine("report", "mine")
    page = body(tmp_path / "reports" / "mine.html")
    for text in (mine("show", "mine").stdout, mine("import", FILE, "--run", "again").stdout, page):
        assert [part for part in ("299", "305", "310", "315", "316", "6.28", "9.70", "33") if part not in text] == []
    assert "median of 10 rounds" in page
    assert "2 benchmarks of pytest-benchmark 4.0.0, as pytest_benchmark_4.json has them; none is ranked." in page


def test_cells_of_ours_and_benchmarks_of_others_share_a_table_and_a_page(typed, tmp_path):
    def note(document):
        cell = Cell("debug", dataset="synthetic", batch_size=4).to_dict()
        document["benchmarks"][1]["extra_info"] = {"bench_cell": cell, "bench_part": "train", "parameters": 562.0}

    typed("import", changed(tmp_path / "mixed.json", note))
    first, *others = csv.DictReader(io.StringIO(typed("show", "mixed", "--csv").stdout))
    assert (first["batch_size"], others[0]["batch_size"], others[0]["seed"]) == ("", "4", "0")
    assert typed("show", "mixed").returncode == 0
    assert typed("report", "mixed").returncode == 0
    page = body(tmp_path / "reports" / "mixed.html")
    assert f"<span>{NAME.replace('_', '_<wbr>')}</span>" in page  # nothing stands behind a name that is all there is
    assert "<dt>Seeds</dt><dd>0</dd>" in page
    saved = typed("baseline", "save", "mixed")
    assert saved.returncode == 0
    assert f"left out: {NAME} has plain times alone" in saved.stderr
    assert "judges the exact counts alone" in saved.stderr


def test_a_printed_name_with_brackets_can_be_typed_back(mine, tmp_path):
    for word in (NAME, "test_sums.py::*[10]", "*[1*"):
        shown = mine("history", word, "--no-report")
        assert (shown.returncode, NAME in shown.stdout) == (0, True)
    assert "test_sum[1000]" not in mine("history", NAME).stdout
    assert "n = 1 benchmark," in body(tmp_path / "reports" / "history.html")


def test_check_and_its_tolerances_take_such_a_name_too(typed, tmp_path):
    run = create("ours", {"plan": {}}, tmp_path / "results")
    measured = (Measurement.of_value("call", 1e-6, "p25"), Measurement.of_value("parameters", 3.0, "exact"))
    for name in (NAME, "other"):
        run.append(Result(Cell.foreign(name), "ok", measurements=measured, system={"cpu": "made up"}))
    assert typed("baseline", "save", "ours").returncode == 0
    kept, _ = json.loads(typed("baseline", "show", "--json").stdout)["summaries"]
    assert (kept["cell"]["device"], kept["cell"]["architecture"], kept["counts"]) == (None, NAME, {"parameters": 3})
    assert "threads" not in (tmp_path / "results" / "baselines" / "main.jsonl").read_text()
    (tmp_path / "bench.toml").write_text(f'[cells."{NAME}".budgets]\ncall = 1e-9\n')
    checked = typed("check", "ours", "--cells", NAME, "--no-ab", "--json")
    verdicts = json.loads(checked.stdout)["verdicts"]
    assert {verdict["cell"] for verdict in verdicts} == {NAME}
    assert [verdict["verdict"] for verdict in verdicts if verdict["metric"] == "call"] == ["regressed"]


def test_a_baseline_takes_nothing_that_check_can_never_judge(mine, tmp_path):
    saved = mine("baseline", "save", "mine")
    assert saved.returncode == 2
    assert saved.stderr.startswith("bench: no cell of run 'mine' has what check judges")
    assert saved.stderr.count("\n") == 1
    assert not (tmp_path / "results" / "baselines").exists()


def test_an_imported_time_explains_nothing(mine):
    mine("import", FILE, "--run", "other")
    for words in (("mine", "other"), (NAME, "test_sums.py::test_sum[1000]", "--run", "mine")):
        explained = mine("explain", *words)
        assert (explained.returncode, explained.stderr.count("\n")) == (2, 1)
        assert "was imported: it has one time and no parts" in explained.stderr


def test_a_median_of_0_is_told_and_the_rest_imported(typed, tmp_path):
    path = changed(tmp_path / "zero.json", lambda document: document["benchmarks"][0]["stats"].update(median=0.0))
    done = typed("import", path)
    assert done.returncode == 0
    assert f"bench: left out: {NAME} of {path}: the median of its rounds is 0 s" in done.stderr
    assert "test_sum[1000]" in done.stdout
    assert "skipped" in typed("show", "zero").stdout
    typed("report", "zero")
    assert "a call takes less than the clock resolves" in body(tmp_path / "reports" / "zero.html")


def test_files_stand_side_by_side_benchmark_by_benchmark(typed, tmp_path):
    first = shutil.copy(FILE, tmp_path / "first.json")
    second = changed(tmp_path / "second.json", lambda document: document["benchmarks"][0]["stats"].update(median=5e-7))
    done = typed("import", first, second)
    assert done.returncode == 0
    rows = [line.split()[:2] for line in done.stdout.splitlines()[1:5]]
    assert rows == [[name, run] for name in (NAME, "test_sums.py::test_sum[1000]") for run in ("first", "second")]
    assert "500 ns" in done.stdout
    (series,) = json.loads(typed("history", NAME, "--json", "--no-report").stdout)["series"]
    assert [point["run"] for point in series["points"]] == ["first", "second"]


def test_a_folder_is_imported_once_and_says_what_it_left_out(typed, tmp_path):
    shutil.copytree(STORE, tmp_path / "theirs", ignore=lambda _, names: [name for name in names if "py" in name[-8:]])
    shutil.copy(FILE, tmp_path / "theirs")
    (tmp_path / "theirs" / "bad.json").write_text("{")
    (tmp_path / "theirs" / "other.json").write_text("{}")
    done = typed("import", "theirs", "--json")
    assert done.returncode == 2  # for what was refused, although the rest is there
    document = json.loads(done.stdout)
    assert [each.get("run") or each["published"] for each in document["imported"]] == [
        "pytest_benchmark_4",
        *(f"results/published/timm_{part}.json" for part in ("infer", "train")),
    ]
    assert "bad.json is not whole JSON" in document["refused"][0]
    assert document["passed"] == ["theirs/other.json"]
    assert "passed over, of other tools: theirs/other.json" in done.stderr
    (tmp_path / "theirs" / "bad.json").unlink()
    again = typed("import", "theirs")
    assert (again.returncode, again.stdout) == (0, "")
    assert "is there already, as pytest_benchmark_4" in again.stderr


def test_figures_of_timm_stand_beside_a_run_s_own_in_show_and_on_the_page(typed, tmp_path):
    done = typed("import", FIGURES)
    assert done.returncode == 0
    assert "4 figures of 2 models; kept in results/published/timm_infer.json" in done.stdout
    cell = Cell("resnet18", dataset="synthetic:3x224x224:1000", batch_size=16, threads=2)
    run = create("ours", {"plan": {}}, tmp_path / "results")
    run.append(Result(cell, "ok", measurements=(Measurement.of_value("inference_throughput", 52.0, "p25", 2),)))
    kept = json.loads((tmp_path / "results" / "published" / "timm_infer.json").read_text())
    (beside,) = json.loads(typed("show", "ours", "--json").stdout)["published"]
    assert (beside["sha256"], beside["verdict"]) == (kept["sha256"], "another machine's: not compared")
    assert "13,537.15 images/s, 75.6 ms a batch of 1,024" in " ".join(typed("show", "ours").stdout.split())
    typed("report", "ours")
    page = body(tmp_path / "reports" / "ours.html")
    for text in (kept["sha256"], "13,537.15 images/s", "batch size 16 instead of 1024", "another machine&#39;s"):
        assert text in page
    assert "times as long" not in page
    assert typed("import", FIGURES).returncode == 2  # its name is taken
