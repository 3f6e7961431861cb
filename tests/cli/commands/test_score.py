"""`score`: optimizers of a run as a table, as JSON and as CSV; and of a run that was really trained."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from tests.explain import made

PLAN = {"until": 0.9, "held_out": ["mlp_bn=mlp"], "tune": 5, "seeds": [0, 1]}
SECONDS = {("mlp", "adam"): 1.0, ("mlp", "soap"): 2.0, ("mlp_bn", "adam"): 3.0, ("mlp_bn", "soap"): None}


def trained(net, optimizer, seed):
    seconds = SECONDS[net, optimizer]
    taken = [("time_to_accuracy", seconds + seed), ("steps_to_accuracy", 10 * seconds)] if seconds else []
    measurements = tuple(Measurement.of_value(name, value, "at target") for name, value in taken)
    return Result(Cell(net, optimizer, learning_rate=0.01, seed=seed), "ok", measurements=measurements)


@pytest.fixture
def raced(tmp_path):
    results = [trained(*pair, seed) for pair in SECONDS for seed in (0, 1)]
    known = {"soap": {"learning_rate": 0.003, "description": "SOAP in its own basis"}}
    made.run(tmp_path / "results", "mine", results, plan=PLAN, optimizers=known, started="2026-01-01")


def test_the_table_says_how_often_each_is_near_the_best(raced, typed):
    printed = typed("score", "mine")
    assert printed.returncode == 0, printed.stderr
    heading, first, second, *_ = printed.stdout.splitlines()
    assert heading.split()[:6] == ["optimizer", "score", "within", "1", "within", "2"]
    assert first.split()[:2] == ["adam", "1.00"]
    assert second.split()[:2] == ["soap", "0.00"]  # it fails what is held out
    assert second.endswith("0.01  SOAP in its own basis")
    assert "mlp_bn to 90.00 % (held out): adam first, 3.50 s; not reached by most seeds of soap" in printed.stdout


def test_steps_are_scored_on_request(raced, typed):
    document = json.loads(typed("score", "mine", "--by", "steps", "--json").stdout)
    assert document["by"] == "steps"
    medians = {(row["optimizer"], row["workload"]): row["median"] for row in document["times"]}
    assert medians == {
        ("adam", "mlp"): 10.0, ("soap", "mlp"): 20.0, ("adam", "mlp_bn"): 30.0, ("soap", "mlp_bn"): None,
    }  # fmt: skip
    assert [entry["score"]["value"] for entry in document["optimizers"]] == [1.0, 0.0]
    value, low, high = document["optimizers"][0]["profile"]
    assert len(value) == len(low) == len(high) == len(document["taus"])
    assert [row["held_out_of"] for row in document["times"]] == [None, None, "mlp", "mlp"]


def test_a_row_of_csv_for_each_optimizer_and_workload(raced, typed):
    rows = list(csv.DictReader(io.StringIO(typed("score", "mine", "--csv").stdout)))
    assert [(row["optimizer"], row["workload"], row["ratio"], row["seeds"]) for row in rows] == [
        ("adam", "mlp", "1.0", "1 2"),
        ("soap", "mlp", str(2.5 / 1.5), "2 3"),
        ("adam", "mlp_bn", "1.0", "3 4"),
        ("soap", "mlp_bn", "", " "),
    ]


def test_seconds_of_several_machines_are_refused_and_steps_score(tmp_path, typed):
    """Each machine chose another rate: both stand in the table, in CSV and in JSON."""
    results = [trained("mlp", optimizer, seed) for optimizer in ("adam", "soap") for seed in (0, 1)]
    others = [replace(each, cell=replace(each.cell, learning_rate=0.1), system={"cpu": "other"}) for each in results]
    results = [replace(each, system={"cpu": "usual"}) for each in results]
    made.run(tmp_path / "results", "mine", [*results, *others], plan=PLAN, started="2026-01-01")
    refused = typed("score", "mine")
    assert refused.returncode == 2
    assert refused.stderr == (
        "bench: run mine: 2 kinds of machines trained, whose seconds do not compare: "
        "python -m bench score mine --by steps\n"
    )
    assert " 0.01|0.1 " in typed("score", "mine", "--by", "steps").stdout
    rows = list(csv.DictReader(io.StringIO(typed("score", "mine", "--by", "steps", "--csv").stdout)))
    assert [(row["optimizer"], row["learning_rate"], row["seeds"]) for row in rows] == [
        ("adam", "0.01|0.1", "10 10"),
        ("soap", "0.01|0.1", "20 20"),
    ]
    document = json.loads(typed("score", "mine", "--by", "steps", "--json").stdout)
    assert [row["learning_rate"] for row in document["times"]] == [[0.01, 0.1]] * 2


def test_one_seed_has_no_interval(tmp_path, typed):
    results = [trained("mlp", optimizer, 0) for optimizer in ("adam", "soap")]
    made.run(tmp_path / "results", "mine", results, plan={"until": 0.9, "seeds": [0]}, started="2026-01-01")
    printed = typed("score", "mine").stdout
    assert "adam came out ahead with a score of 1.00, but from one seed: no interval" in printed
    assert "to 1.00" not in printed
    document = json.loads(typed("score", "mine", "--json").stdout)
    assert document["optimizers"][0]["score"] == {"value": 1.0, "low": None, "high": None}
    assert document["optimizers"][0]["profile"][1:] == [None, None]


def test_a_run_without_targets_has_no_score(tmp_path, typed):
    made.run(tmp_path / "results", "other", [made.result(made.VGG, 1e-3)], started="2026-01-01")
    printed = typed("score", "other")
    assert printed.returncode == 2
    assert "has no two optimizers that trained to a target on the same workloads" in printed.stderr


@pytest.mark.slow
def test_optimizers_really_race(typed):
    """One is tuned on the tiny net and held to the linear one at the same rates; nothing is timed in blocks."""
    nets = "--architectures debug softmax_regression --targets debug=60% softmax_regression=80%"
    pace = "--batch-sizes 256 --epochs 1 --train-limit 0 --schedules constant --evaluations 16"
    few = "--tune 1 --seeds 0 1 --blocks 0 --repeats 1 --threads 1"
    flags = f"{nets} --held-out softmax_regression=debug --optimizers schedule_free soap {pace} {few}"
    printed = typed("run", *flags.split(), "--run", "raced", "--concurrent", "--again", "0")
    assert printed.returncode == 0, printed.stderr
    document = json.loads(typed("score", "raced", "--by", "steps", "--json").stdout)
    assert {row["workload"] for row in document["times"]} == {"debug", "softmax_regression"}
    looks = {234 * look // 16 for look in range(1, 17)}  # of 234 steps an epoch
    assert {steps for row in document["times"] for steps in row["seeds"] if steps} <= looks
    best = max(entry["score"]["value"] for entry in document["optimizers"])
    assert 0 < best <= 1
    assert "How often each optimizer is near the fastest" in Path("reports/raced.html").read_text()
