"""Networks of a plug-in that misbehave: each cell gets its status and its reason, and the others are measured."""

from contextlib import closing

import pytest

from bench.store.run import load

EXPECTED = {  # status, and words of the reason
    "good": ("ok", None),
    "raises": ("failed", "ValueError: this network"),
    "crashes": ("failed", "ended by SIGSEGV (while measuring: phases)"),
    "crashes_late": ("failed", "ended by SIGSEGV (while measuring: inference)"),
    "killed": ("failed", "ended by SIGKILL (while measuring: phases)"),
    "leaves": ("failed", "ended by itself with exit code 3"),
    "huge": ("oom", "memory"),
    "diverges": ("diverged", "nan"),
}

pytestmark = pytest.mark.slow  # 18 s, most of them until a network that hangs is ended


@pytest.fixture(scope="module")
def faults(bench_for_all, plugin):
    names = [f"faulty_{name}" for name in EXPECTED]
    bench = bench_for_all()
    done = bench(
        *("run", "--architectures", *names, "--datasets", "synthetic", "--optimizers", "sgd", "--epochs", "1"),
        *(
            "--seeds",
            "0",
            "--repeats",
            "1",
            "--again",
            "0",
            "--blocks",
            "2",
            "--run",
            "faults",
            "--no-report",
            "--threads",
            "1",
        ),
        haste=True,
        plugin=plugin,
    )
    results = load("faults", bench.folder / "results").results()
    return done, {result.cell.architecture.removeprefix("faulty_"): result for result in results}


def test_the_run_goes_through(faults):
    done, results = faults
    assert done.returncode == 0, done.stderr
    assert set(results) == set(EXPECTED)
    assert "finished: 1 ok, 1 oom, 1 diverged, 5 failed" in done.stdout


@pytest.mark.parametrize("name", EXPECTED)
def test_each_cell_has_its_status_and_reason(faults, name):
    status, words = EXPECTED[name]
    result = faults[1][name]
    assert result.status == status, result.reason
    if words is None:
        assert result.reason is None
    else:
        assert words in result.reason
        assert "\n" not in result.reason


@pytest.mark.parametrize("name", EXPECTED)
def test_each_cell_says_what_it_ran_on(faults, name):
    assert faults[1][name].system["torch"]


def test_what_was_measured_before_the_crash_is_kept(faults):
    metrics = {one.metric for one in faults[1]["crashes_late"].measurements}
    assert {"step", "forward", "backward"} <= metrics
    assert "inference" not in metrics
    assert {block["subject"] for block in faults[1]["crashes_late"].blocks} == {"train"}


def test_speed_is_kept_of_a_network_that_diverged(faults):
    assert "step" in {one.metric for one in faults[1]["diverges"].measurements}
    assert "accuracy" not in {one.metric for one in faults[1]["diverges"].measurements}


def test_nobody_sees_a_traceback(faults):
    assert "Traceback" not in faults[0].stderr


def test_a_network_that_hangs_is_ended_at_its_timeout(plugin, monkeypatch, tmp_path):
    from bench.plan.cell import Cell
    from bench.plan.task import CatalogueRequest, Task
    from bench.process.local import Workers
    from bench.session.collector import Collector
    from bench.session.requests import ask_catalogue

    monkeypatch.syspath_prepend(plugin)
    cell = Cell("faulty_hangs", dataset="synthetic")
    with closing(Workers()) as workers:
        ask_catalogue(workers, CatalogueRequest())  # by now the server has imported torch
        result = Collector(workers, tmp_path).measure(Task(cell, timeout=3.0), lambda stage: None)
    assert result.status == "timeout"
    assert "--timeout" in result.reason


@pytest.mark.usefixtures("in_haste")
def test_a_run_of_nothing_but_failures_says_so(typed, tmp_path, plugin, monkeypatch):
    monkeypatch.syspath_prepend(plugin)
    only = ("--architectures", "faulty_raises", "--datasets", "synthetic", "--seeds", "0", "--run", "none")
    done = typed("run", *only, "--no-report", "--concurrent")
    assert done.returncode == 3, done.stderr
    assert "1 failed" in done.stdout
    assert load("none", tmp_path / "results").facts.status == "finished"
