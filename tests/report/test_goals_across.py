"""A goal and a recipe of a run of two machines: what they learnt is one, and each time is of the machine it names."""

from dataclasses import replace

import pytest

from bench.cli.render.goals import goals
from bench.cli.render.recipes import print_changes
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.report.goal_tests import goal_sentences
from bench.report.load import read
from bench.report.recipes import changing, recipe_sentence
from bench.store.goal_verdict import goal_verdicts
from bench.store.machines import digests_of
from bench.store.result import Measurement, Result
from bench.store.run import create, load

BASE = Cell("mlp")
SECONDS = {"Fast": 2.0, "Slow": 8.0}


def trained(cell, cpu, accuracy):
    seconds = SECONDS[cpu]
    epochs = [{"epoch": 1, "steps": 10, "seconds": seconds, "test_accuracy": accuracy}]
    taken = (
        Measurement.of_value("accuracy", accuracy, "final"),
        Measurement.of_value("training_step", seconds / 10, "mean"),
    )
    return Result(cell, "ok", measurements=taken, training={"epochs": epochs}, system={"cpu": cpu})


@pytest.fixture
def run(tmp_path):
    """Both nets by two seeds on both machines, the change 0.1 points better and as long."""
    plan = replace(
        Plan(architectures=("mlp",), augmentations=("none", "shift"), seeds=(0, 1), epochs=1, goal=0.9),
        one_at_a_time=True,
    )
    recorded = create("two", {"status": "finished", "plan": plan.to_dict()}, tmp_path)
    for cpu in SECONDS:
        for seed in (0, 1):
            for cell, more in ((BASE, 0.0), (replace(BASE, augmentation="shift"), 0.001)):
                recorded.append(trained(replace(cell, seed=seed), cpu, 0.95 + seed / 100 + more))
    return load("two", tmp_path)


def test_each_time_of_a_goal_names_its_machine_and_the_mean_names_none(run, capsys):
    fast, slow = digests_of(run.heads()).values()
    told = " ".join(goals(run)[0].split())
    assert told.startswith("mlp: 96 ± 6.4 % over 2 seeds ")
    assert f"after 2.00 s ± 0 % of training on {fast} and 8.00 s ± 0 % of training on {slow}" in told
    sentence = goal_sentences(read(run))[0]
    assert "Fast:" not in sentence.claim
    assert "Slow:" not in sentence.claim
    assert "after 2.00 s ± 0 % of training on Fast and 8.00 s ± 0 % of training on Slow" in sentence.claim
    print_changes(run)
    printed = " ".join(capsys.readouterr().out.split())
    assert f"augmentation shift {fast} 0.0 %" in printed
    assert "those of several do not compare" in printed


def test_a_recipe_of_the_page_names_the_machine_of_its_times(run):
    record = read(run)
    assert "a step takes 0.0 % (0.0 to 0.0) on Fast, accuracy +0.10 points" in recipe_sentence(record).evidence
    (picture,) = changing(record)
    assert "those of several do not compare" in picture.caption


def test_one_that_lost_all_its_seeds_has_a_sentence_too(run):
    for seed in (0, 1):
        run.append(Result(Cell("lenet5", seed=seed), "diverged", "the loss is nan", system={"cpu": "Fast"}))
    words = "none of 2 seeds has an accuracy, 2 diverged: it cannot be tested against 90.00 %"
    assert [" ".join(each.split()) for each in goals(run)][-1] == f"lenet5: {words}; never seen at 90.00 %"
    sentence = goal_sentences(read(run))[-1]
    assert sentence.claim == f"lenet5: {words}."
    verdict = goal_verdicts(run)[-1]
    assert (verdict.accuracy, verdict.passed, verdict.times) == (None, False, ())
