"""A run that tunes, from the command line: trials are no results, the rate chosen is told and can be shown again."""

import json
import re

import pytest

from bench.cli.render.tuning import tuned as lines_of
from bench.store.facts import RunFacts

TUNED = (
    *("run", "--architectures", "debug", "--optimizers", "sgd", "--implementations", "default", "--seeds", "0", "1"),
    *("--tune", "2", "--epochs", "1", "--train-limit", "0.3s", "--blocks", "2", "--repeats", "1"),
    *("--again", "0"),
    *("--threads", "1", "--concurrent", "--run", "tuned"),
)
RATES = (0.00316, 3.16)


@pytest.fixture(scope="module")
def tuned(bench_for_all):
    bench = bench_for_all()
    done = bench(*TUNED, "--json", haste=True)
    assert done.returncode == 0, done.stderr
    return bench, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_only_the_cells_at_the_best_rate_are_results(tuned):
    bench, document, _ = tuned
    assert document["counts"]["ok"] == 2
    rows = json.loads(bench("show", "tuned", "--json").stdout)
    assert {(row["split"], row["seed"]) for row in rows["rows"]} == {("test", 0), ("test", 1)}
    (found,) = rows["tuned"]
    assert {row["learning_rate"] for row in rows["rows"]} == {found["learning_rate"]}
    assert {trial["seed"] for trial in found["trials"]} == {2, 3}  # of their own: no result has them
    by_rate = {rate: [one["accuracy"] for one in found["trials"] if one["learning_rate"] == rate] for rate in RATES}
    assert found["learning_rate"] == max(by_rate, key=lambda rate: sum(by_rate[rate]))


@pytest.mark.slow
def test_trials_stand_in_the_file_trained_on_what_is_left_of_the_training_images(tuned):
    bench, *_ = tuned
    lines = [json.loads(line) for line in (bench.folder / "results/tuned/results.jsonl").read_text().splitlines()]
    trials = [line for line in lines if line["cell"]["split"] == "validation"]
    assert len(trials) == 4
    assert {one["metric"] for line in trials for one in line["measurements"]} >= {"accuracy", "test_loss"}
    assert not {one["metric"] for line in trials for one in line["measurements"]} & {"step", "relative_cost", "flops"}


@pytest.mark.slow
def test_the_choice_is_told(tuned):
    bench, *_ = tuned
    told = bench("show", "tuned").stdout
    assert "is the best of 2 learning rates from 0.00316 to 3.16" in told
    assert "at the edge" in told  # of two rates each is
    assert re.search(r"within a percentage point of it: (the best one alone|over a factor of 1e\+03)$", told, re.M)


def facts(*trials):
    """What a run would note of one configuration: rates, statuses and accuracies."""
    keys = ("learning_rate", "status", "accuracy")
    return RunFacts(tuned=({"id": "net", "trials": [dict(zip(keys, trial, strict=True)) for trial in trials]},))


def test_only_rates_that_could_be_used_count_as_compared():
    usable = [(0.01, "ok", 0.95), (0.1, "ok", 0.97), (1.0, "ok", 0.975)]
    (line,) = lines_of(facts(*usable, (10.0, "diverged", None), (100.0, "timeout", None)))
    assert line == (
        "net: 1 is the best of 3 usable of 5 learning rates from 0.01 to 100 (1 diverged, 1 timed out), "
        "97.50 % of held-out images; within a percentage point of it: over a factor of 10"
    )


def test_a_best_rate_whose_neighbour_timed_out_lies_at_the_edge():
    (line,) = lines_of(facts((0.1, "ok", 0.9), (1.0, "ok", 0.97), (10.0, "timeout", None)))
    assert "at the edge" in line
    assert line.endswith("within a percentage point of it: the best one alone, or more (10 timed out)")


def test_where_no_rate_could_be_used_it_says_why():
    (line,) = lines_of(facts((0.1, "diverged", None), (1.0, "diverged", None)))
    assert line == "net: none of 2 learning rates from 0.1 to 1 (2 diverged) trained it"


def test_a_dry_run_tells_trials_from_cells(typed):
    done = typed(*TUNED[:-2], "--dry-run")
    lines = done.stdout.splitlines()
    assert [line.endswith("a trial") for line in lines[:4]] == [True] * 4
    assert lines[4].endswith("at the best of 2 learning rates")
    assert "4 trials, then 2 cells" in done.stdout


@pytest.mark.slow
def test_resuming_a_run_that_is_complete_makes_nothing_again(tuned):
    bench, *_ = tuned
    before = (bench.folder / "results/tuned/results.jsonl").read_text()
    done = bench("run", "--resume", "tuned", "--concurrent", "--json")
    assert done.returncode == 0, done.stderr
    assert (bench.folder / "results/tuned/results.jsonl").read_text() == before
