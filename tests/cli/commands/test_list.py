"""The command `list`: every listing as a table and as one JSON document."""

import json
from textwrap import dedent

import pytest

from bench.errors import BenchError
from bench.metrics import METRICS
from bench.regression.tolerances import tolerances
from bench.store.run import create

KEYS = {
    "architectures": {"name", "family", "parameters", "flops_forward", "input_shape", "description"},
    "optimizers": {"name", "learning_rate", "implementations", "description"},
    "datasets": {"name", "input_shape", "num_classes", "train", "test", "description"},
    "devices": {"name", "model", "modes", "dtypes", "timed", "profiled", "started", "cannot"},
    "metrics": {"name", "unit", "direction", "kind", "pooled", "judged_by", "may_have_budget", "note"},
    "engines": {"name", "description", "file", "tolerance", "cannot"},
    "suites": {"name", "cells", "seconds", "purpose", "architectures"},
}
MEMBERS = {
    "engines": "inference_mode",
    "architectures": "lenet5",
    "optimizers": "muon",
    "datasets": "mnist",
    "devices": "cpu",
    "suites": "quick",
    "metrics": "relative_cost",
}
SHOWN = {
    "architectures": ["61,706", "833 kFLOP", "1x28x28"],
    "devices": ["eager", "float32", "each phase of a step", "forked"],
    "metrics": ["lower", "ratio", "log_mean", "screening"],
}  # of that member


# Counting every architecture of the zoo takes many seconds, so that these listings are slow.
LISTINGS = [
    pytest.param(what, marks=pytest.mark.slow) if what in ("architectures", "suites") else what for what in KEYS
]


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_as_json(typed, what):
    done = typed("list", what, "--json")
    entries = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(set(entry) >= KEYS[what] for entry in entries)
    assert MEMBERS[what] in [entry["name"] for entry in entries]
    if what == "suites":  # each is forecast with images of its own size
        seconds = {entry["name"]: entry["seconds"] for entry in entries}
        assert seconds["cnn-benchmarks"] > 4 * seconds["quick"]


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_as_a_table(typed, what):
    done = typed("list", what)
    titles, *rows = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert titles.split()[0] == "name"
    (row,) = [row for row in rows if row.split()[0] == MEMBERS[what]]
    assert [text for text in SHOWN.get(what, []) if text not in row] == []


def test_every_metric_is_listed(typed):
    entries = {entry["name"]: entry for entry in json.loads(typed("list", "metrics", "--json").stdout)}
    assert list(entries) == list(METRICS)
    assert (entries["accuracy"]["direction"], entries["accuracy"]["judged_by"]) == ("higher", "accuracy")
    assert (entries["step"]["unit"], entries["step"]["judged_by"]) == ("s", None)


def test_a_metric_that_is_listed_as_having_a_budget_may_have_one_and_no_other(typed, tmp_path):
    for entry in json.loads(typed("list", "metrics", "--json").stdout):
        (tmp_path / "mine.toml").write_text(f"[budgets]\n{entry['name']} = 1.0\n")
        try:
            tolerances(tmp_path / "mine.toml")
            allowed = True
        except BenchError:
            allowed = False
        assert entry["may_have_budget"] is allowed, entry["name"]


def test_the_table_of_metrics_says_which_may_have_a_budget(typed):
    titles, *rows = typed("list", "metrics").stdout.splitlines()
    budgets = {row.split()[0]: row[titles.index("budget") :].split()[0] for row in rows}
    assert (budgets["step"], budgets["step_median"], budgets["parameters"]) == ("yes", "no", "yes")


def test_no_runs_yet(typed):
    assert json.loads(typed("list", "runs", "--json").stdout) == []
    done = typed("list", "runs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no runs yet\n")


def test_runs_are_listed_by_the_name_of_their_folder(typed, tmp_path):
    create("old", {"status": "finished", "started": "then", "command": "a command"}, tmp_path / "results")
    (tmp_path / "results/old").rename(tmp_path / "results/new")
    (entry,) = json.loads(typed("list", "runs", "--json").stdout)
    assert entry == {"run": "new", "profiles": 0, "started": "then", "status": "finished", "command": "a command"}


@pytest.mark.slow
def test_a_plug_in_is_listed_with_the_others_and_what_it_prints_is_not(bench, plugin):
    done = bench("list", "architectures", "--json", plugin=plugin)
    assert done.returncode == 0, done.stderr
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert all(set(entry) >= KEYS["architectures"] for entry in entries.values())
    assert (entries["faulty_good"]["family"], entries["faulty_good"]["parameters"]) == ("faulty", 7850)
    assert "lenet5" in entries
    assert "the plug-in is imported" in done.stderr


def test_a_plug_in_that_cannot_be_loaded_is_named_and_the_others_are_listed(typed, tmp_path, monkeypatch):
    folder = tmp_path / "broken"
    (folder / "broken-1.dist-info").mkdir(parents=True)
    (folder / "broken-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (folder / "broken-1.dist-info/entry_points.txt").write_text("[bench.architectures]\nit = nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(folder)
    done = typed("list", "datasets", "--json")
    assert done.returncode == 0
    assert "mnist" in [entry["name"] for entry in json.loads(done.stdout)]
    assert done.stderr.startswith("bench: ")
    assert "nowhere_to_be_found" in done.stderr


@pytest.mark.slow
def test_a_net_that_ends_the_process_is_listed_and_told_once(bench, tmp_path):
    (tmp_path / "nets.py").write_text("import os\n\n\ndef killed():\n    os.kill(os.getpid(), 11)\n")
    done = bench("list", "architectures", "nets.py:killed", "debug", "--json")
    assert done.returncode == 0, done.stderr
    parameters = {entry["name"]: entry["parameters"] for entry in json.loads(done.stdout)}
    assert parameters == {"killed": None, "debug": 562}
    assert done.stderr.count("SIGSEGV") == 1, done.stderr


def test_a_run_of_another_version_is_left_out_and_told(typed, tmp_path):
    for name in ("old", "new"):
        create(name, {"status": "finished"}, tmp_path / "results")
    (tmp_path / "results" / "old" / "run.json").write_text('{"schema": 1, "run": "old"}')
    done = typed("list", "runs", "--json")
    assert [entry["run"] for entry in json.loads(done.stdout)] == ["new"]
    assert "bench: left out: results/old/run.json has schema 1, this version reads 2: " in done.stderr


WIDENING = """
    from architectures import register
    from plugin_widths import WIDTH
    from torch import nn

    @register(family="mine", source="tests")
    def widening(input_shape, num_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, WIDTH), nn.Linear(WIDTH, num_classes))
    """


@pytest.mark.slow
def test_a_change_of_what_a_plug_in_imports_is_listed(bench, tmp_path):
    (tmp_path / "mine-0.1.dist-info").mkdir()
    (tmp_path / "mine-0.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n")
    (tmp_path / "mine-0.1.dist-info/entry_points.txt").write_text("[bench.architectures]\nmine = plugin_mine\n")
    (tmp_path / "plugin_mine.py").write_text(dedent(WIDENING))
    parameters = []
    for width in (8, 8, 16):
        (tmp_path / "plugin_widths.py").write_text(f"WIDTH = {width}\n")
        done = bench("list", "architectures", "--json", plugin=tmp_path)
        parameters += [entry["parameters"] for entry in json.loads(done.stdout) if entry["name"] == "widening"]
    assert parameters == [785 * 8 + 9 * 10, 785 * 8 + 9 * 10, 785 * 16 + 17 * 10]


def test_of_kinds_of_devices_that_are_not_here_the_reason_is_told(typed):
    entries = {entry["name"]: entry for entry in json.loads(typed("list", "devices", "--json").stdout)}
    absent = {name: entry["cannot"]["anything"] for name, entry in entries.items() if entry["modes"] is None}
    assert "mps" in absent
    assert all(absent.values())
    assert {kind.partition(":")[0] for kind in entries} == {"cpu", "cuda", "xpu", "mps"}
