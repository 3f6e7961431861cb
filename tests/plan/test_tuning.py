"""Tuning: equal trials for each configuration on a logarithmic grid, images held out to judge them, the best chosen."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.estimate import expected_seconds, trial_seconds
from bench.plan.grid import expand, task_of
from bench.plan.plan import Plan
from bench.plan.tuning import (
    DECADES,
    SEEDS,
    Trial,
    at_edge,
    best_of,
    good_width,
    group_of,
    merged,
    plan_of_trials,
    rates_around,
    trials_of,
    usable,
    width_told,
    with_best_rates,
)

PLAN = Plan(architectures=("mlp",), optimizers=("sgd", "muon"), tune=7, seeds=(3, 4, 5))


def test_the_rates_are_even_on_a_logarithmic_axis_with_the_optimizers_own_in_the_middle():
    rates = rates_around(0.03, 7)
    logs = [math.log10(rate) for rate in rates]
    assert rates[3] == 0.03
    assert logs[-1] - logs[0] == pytest.approx(DECADES, abs=0.01)
    assert [high - low for low, high in pairwise(logs)] == pytest.approx([DECADES / 6] * 6, abs=0.01)
    assert rates_around(0.03, 1) == (0.03,)


def test_every_configuration_gets_the_same_number_of_trials_with_seeds_of_their_own_and_no_test_image(catalogue):
    grid = expand(PLAN, catalogue())
    trials = trials_of(grid.cells, PLAN, catalogue())
    assert len(trials) == len(set(trials)) == 2 * 7 * SEEDS
    assert {(trial.split, trial.seed) for trial in trials} == {("validation", 6), ("validation", 7)}
    assert not {trial.seed for trial in trials} & set(PLAN.seeds)
    rates = {name: [trial.learning_rate for trial in trials if trial.optimizer == name] for name in ("sgd", "muon")}
    assert {name: list(dict.fromkeys(tried)) for name, tried in rates.items()} == {
        "sgd": list(rates_around(0.1, 7)),
        "muon": list(rates_around(0.005, 7)),
    }


def test_configurations_that_differ_in_more_than_the_seed_are_tuned_apart(catalogue):
    plan = replace(PLAN, batch_sizes=(16, 64), seeds=(0, 1))
    trials = trials_of(expand(plan, catalogue()).cells, plan, catalogue())
    assert len({group_of(trial) for trial in trials}) == 2 * 2
    assert len(trials) == 2 * 2 * 7 * SEEDS


def test_a_plan_that_tunes_nothing_has_no_trials(catalogue):
    plan = replace(PLAN, tune=0)
    assert trials_of(expand(plan, catalogue()).cells, plan, catalogue()) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learning_rates": (0.1,)}, ["--tune", "--learning-rates"]),
        ({"splits": ("validation",)}, ["--tune", "--splits"]),
        ({"epochs": 0}, ["--tune", "--epochs 1"]),
    ],
)
def test_what_contradicts_tuning_is_refused(catalogue, changes, words):
    plan = replace(PLAN, **changes)
    with pytest.raises(BenchError) as caught:
        trials_of(expand(plan, catalogue()).cells, plan, catalogue())
    assert [word for word in words if word not in str(caught.value)] == []


def test_trials_are_trained_once_and_not_timed():
    beside = {"profile": True, "insight": True, "surface": True, "energy": True}
    plan = plan_of_trials(replace(PLAN, repeats=9, until=0.9, goal=0.9, checkpoint=True, **beside))
    assert (plan.blocks, plan.repeats, plan.profile, plan.insight, plan.energy) == (0, 1, False, False, False)
    assert not plan.surface
    assert (plan.until, plan.goal, plan.checkpoint) == (0.0, 0.0, False)
    assert plan.epochs == PLAN.epochs


def trial(rate, accuracy, loss=0.5, status="ok"):
    return Trial(rate, status, None if status == "ok" else "the loss is nan", accuracy, loss)


def test_the_most_accurate_is_the_best_and_of_equals_that_with_the_lower_loss():
    low, middle, high = trial(0.01, 0.9), trial(0.1, 0.98, 0.2), trial(1.0, 0.98, 0.1)
    diverged = trial(10.0, None, None, "diverged")
    assert best_of([low, middle, high, diverged]) == high
    assert best_of([diverged]) is None
    assert best_of([]) is None


def test_a_best_rate_at_the_edge_is_known_as_such():
    trials = [trial(rate, accuracy) for rate, accuracy in ((0.01, 0.9), (0.1, 0.98), (1.0, 0.97))]
    assert not at_edge(trials, trials[1])
    assert at_edge(trials, trials[0])
    assert not at_edge(trials[:1], trials[0])


def test_a_rate_that_timed_out_tells_nothing_of_what_lies_beyond_the_best():
    low, high = trial(0.01, 0.9), trial(0.1, 0.98)
    assert not at_edge([low, high, trial(1.0, None, None, "diverged")], high)
    assert at_edge([low, high, trial(1.0, None, None, "timeout")], high)
    assert at_edge([high, trial(1.0, None, None, "failed")], high)


def test_good_rates_lie_around_the_best_without_a_gap():
    accuracies = {0.01: 0.975, 0.1: 0.90, 1.0: 0.972, 10.0: 0.98, 100.0: 0.971}
    trials = [trial(rate, accuracy) for rate, accuracy in reversed(accuracies.items())]
    best = best_of(trials)
    assert (best.learning_rate, good_width(trials, best)) == (10.0, pytest.approx(100.0))
    assert width_told(trials, best) == "over a factor of 100"
    assert width_told([trials[0]], trials[0]) == "the best one alone"
    assert usable([*trials, trial(1e3, None, None, "timeout"), trial(1e4, None)]) == merged(trials)


def test_a_rate_that_timed_out_does_not_shorten_the_width_silently():
    trials = [trial(0.1, 0.98), trial(1.0, 0.98), trial(10.0, None, status="timeout"), trial(100.0, 0.98)]
    assert width_told(trials, trials[1]) == "over a factor of 10, or more (10 timed out)"
    assert width_told([*trials[:2], trial(10.0, None, status="diverged")], trials[1]) == "over a factor of 10"


def test_the_seeds_of_a_rate_are_taken_together_and_one_that_is_lost_costs_the_rate():
    trials = [
        trial(0.1, 0.97),
        trial(0.1, 0.98),
        trial(1.0, 0.99),
        trial(1.0, None, status="diverged"),
        trial(10.0, 0.96),
    ]
    assert [one.accuracy for one in merged(trials)] == [pytest.approx(0.975), None, 0.96]
    assert [one.status for one in merged(trials)] == ["ok", "diverged", "ok"]
    assert merged(merged(trials)) == merged(trials)
    assert best_of(trials).learning_rate == 0.1
    assert [one.learning_rate for one in usable(trials)] == [0.1, 10.0]


def test_the_cells_get_the_best_rate_of_their_configuration_and_those_without_one_are_told_why():
    sgd, adam = ([Cell("mlp", optimizer=name, seed=seed) for seed in (0, 1)] for name in ("sgd", "adam"))
    by_group = {
        group_of(sgd[0]): [trial(0.1, 0.9), trial(1.0, 0.95)],
        group_of(adam[0]): [trial(0.1, None, None, "diverged")],
    }
    kept, skipped = with_best_rates([*sgd, *adam], by_group)
    assert kept == [replace(cell, learning_rate=1.0) for cell in sgd]
    assert [cell for cell, _ in skipped] == adam
    assert "none of the 1 learning rates" in skipped[0][1]
    assert "the loss is nan" in skipped[0][1]


def test_trials_have_their_share_in_the_forecast(catalogue):
    cells = expand(PLAN, catalogue()).cells
    trials = trials_of(cells, PLAN, catalogue())
    seven, single = (trial_seconds(some, PLAN, catalogue()) for some in (trials[:7], trials[:1]))
    assert seven == pytest.approx(7 * single)
    assert single < expected_seconds(cells[:1], PLAN, catalogue())


HELD_OUT = Plan(
    architectures=("mlp", "resnet8"),
    optimizers=("sgd",),
    tune=3,
    held_out=("resnet8=mlp",),
    targets=("resnet8=90%",),
    until=0.8,
    epochs=1,
)


def test_an_architecture_that_is_held_out_is_not_tuned_and_takes_the_rate_of_its_base(catalogue):
    cells = expand(HELD_OUT, catalogue()).cells
    trials = trials_of(cells, HELD_OUT, catalogue())
    assert {trial.architecture for trial in trials} == {"mlp"}
    assert len(trials) == 3 * SEEDS
    tried = [Trial(trial.learning_rate, "ok", accuracy=trial.learning_rate) for trial in trials]
    kept, lost = with_best_rates(cells, {group_of(trials[0]): tried}, HELD_OUT.held_out)
    assert lost == []
    assert {cell.learning_rate for cell in kept} == {max(rates_around(0.1, 3))}


def test_each_architecture_trains_to_its_own_target_and_trials_to_none(catalogue):
    cells = expand(HELD_OUT, catalogue()).cells
    aims = {cell.architecture: task_of(cell, HELD_OUT, 0, catalogue().devices).until for cell in cells}
    assert aims == {"mlp": 0.8, "resnet8": 0.9}
    trials = plan_of_trials(HELD_OUT)
    assert {task_of(cell, trials, 0, catalogue().devices).until for cell in cells} == {0.0}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("targets", ("lenet=90%",), "unknown architecture 'lenet'"),
        ("held_out", ("resnet8=lenet",), "unknown architecture 'lenet'"),
        ("held_out", ("resnet8=mlp", "mlp=resnet8"), "mlp is held out itself"),
    ],
)
def test_names_that_are_no_architectures_are_refused(catalogue, field, value, message):
    with pytest.raises(BenchError, match=message):
        expand(replace(HELD_OUT, **{field: value}), catalogue())


def test_a_plan_that_times_nothing_takes_what_training_takes(catalogue):
    cells = expand(HELD_OUT, catalogue()).cells
    alone = replace(HELD_OUT, blocks=0, repeats=1)
    assert expected_seconds(cells, alone, catalogue()) == pytest.approx(trial_seconds(cells, alone, catalogue()))
    timed = expected_seconds(cells, replace(alone, blocks=2), catalogue())
    assert timed > expected_seconds(cells, alone, catalogue()) + len(cells)


def test_targets_of_architectures_that_are_not_measured_are_passed_over(catalogue):
    alone = replace(HELD_OUT, architectures=("resnet8",))
    (cell,) = expand(alone, catalogue()).cells
    assert {trial.architecture for trial in trials_of([cell], alone, catalogue())} == {
        "mlp"
    }  # its rate is still needed
    assert expand(replace(HELD_OUT, architectures=("mlp",)), catalogue()).cells


def test_a_net_of_ones_own_that_is_held_out_takes_the_rate_of_its_base_and_is_no_trial_itself(catalogue):
    own, variant = "nets.py:net", "nets.py:net(width=32)"
    plan = replace(HELD_OUT, architectures=(own, variant), held_out=("net(width=32)=net",), targets=())
    cells = [
        Cell(name, "sgd", origins=(f"architecture={text}",))
        for name, text in (("net", own), ("net(width=32)", variant))
    ]
    trials = trials_of(cells, plan, catalogue())
    assert {(trial.architecture, trial.source("architecture")) for trial in trials} == {("net", own)}
    assert len(trials) == 3 * SEEDS
    tried = [Trial(trial.learning_rate, "ok", accuracy=trial.learning_rate) for trial in trials]
    kept, lost = with_best_rates(cells, {group_of(trials[0]): tried}, plan.held_out)
    assert [cell.source("architecture") for cell in kept] == [own, variant]
    assert lost == []
