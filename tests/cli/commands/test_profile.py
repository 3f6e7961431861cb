"""The command `profile`, really run: where a small net's time goes, as tables and as JSON."""

import json

import pytest

from bench.store.run import load

TINY = ("--datasets", "synthetic", "--optimizers", "sgd", "--blocks", "2", "--threads", "1", "--concurrent")


@pytest.fixture(scope="module")
def profiled(bench_for_all):
    bench = bench_for_all()
    return bench, bench("profile", "debug", *TINY, "--run", "p", haste=True)


def test_it_prints_where_the_time_goes(profiled):
    _, done = profiled
    assert done.returncode == 0, done.stderr
    assert "convolution forward" in done.stdout
    assert "aten::mkldnn_convolution" in done.stdout
    assert "0.0 Conv2d" in done.stdout
    assert "python -m bench tensorboard p" in done.stdout


def test_the_profile_is_recorded_beside_the_timed_numbers(profiled):
    bench, _ = profiled
    run = load("p", bench.folder / "results")
    (result,) = run.results()
    metrics = {one.metric for one in result.measurements}
    assert {"step", "forward", "profiler_overhead", "flops_convolution", "operators_forward"} <= metrics
    assert run.facts.plan["profile"]
    (trace,) = (run.folder / "traces" / result.cell.id).iterdir()
    assert trace.name == result.profile["trace"]


@pytest.mark.slow
def test_two_processes_count_the_same(profiled):
    bench, _ = profiled
    again = bench("profile", "debug", *TINY, "--run", "again", "--json", haste=True)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["cells"][0]["profile"]["side"] == "host"
    told = bench("explain", "p", "again")
    assert "counts: the same operators, FLOPs and parameters" in told.stdout
    document = json.loads(bench("explain", "p", "again", "--json").stdout)
    assert (document["counts"], document["operators"]) == ([], [])


def test_list_and_show_say_that_there_are_profiles(profiled):
    bench, _ = profiled
    runs = json.loads(bench("list", "runs", "--json").stdout)
    assert next(run["profiles"] for run in runs if run["run"] == "p") == 1
    assert "1 profile: python -m bench explain A B --run p" in bench("show", "p").stdout


def test_ctrl_c_ends_it_as_it_ends_a_run(typed, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.session.run.ask_ceilings", interrupted)
    done = typed("profile", "debug", *TINY, "--run", "p", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (130, {"run": "p", "cells": []})
    assert load("p").facts.status == "interrupted"
