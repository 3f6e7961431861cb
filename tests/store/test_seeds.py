"""Seeds: each one asked for is counted, and one that learnt nothing is said to be lost, with what became of it."""

import pytest

from bench.store.seeds import Asked, Seeds, asked_of, over_seeds


def line(seed, status="ok", *metrics):
    return {
        "cell": {"seed": seed},
        "status": status,
        "measurements": [{"metric": metric, "value": 1.0} for metric in metrics],
    }


def noted(*lines, asked=Asked()):  # noqa: B008 - it is frozen
    seeds = Seeds(asked)
    for one in lines:
        seeds.note(one)
    return seeds


def test_seeds_that_learnt_are_not_lost_whatever_a_later_process_did():
    seeds = noted(line(0, "ok", "accuracy", "reached"), line(0, "oom"), line(1, "ok", "accuracy", "reached"))
    assert (seeds.count, seeds.lost, seeds.missed) == (2, "", 0)


def test_the_lost_are_told_by_what_became_of_them():
    seeds = noted(
        line(0, "ok", "accuracy"), line(1, "diverged"), line(2, "timeout"), line(3, "diverged"), asked=Asked((0, 7))
    )
    assert (seeds.count, seeds.lost) == (5, "1 timed out, 2 diverged, 1 not measured")


def test_a_line_that_leaves_the_seed_out_is_of_seed_0_and_a_foreign_cell_has_none():
    bare = {"cell": {}, "status": "diverged", "measurements": []}
    seeds = noted(bare, asked=Asked((0,)))
    assert (seeds.count, seeds.lost) == (1, "1 diverged")
    assert noted({**bare, "cell": {"seed": None}}).count == 0


def test_without_a_target_nobody_missed_it():
    assert noted(line(0, "ok", "accuracy"), line(1, "diverged")).missed == 0
    assert noted(line(0, "ok", "accuracy", "reached"), line(1, "diverged")).missed == 1
    assert noted(line(0, "diverged"), line(1, "failed"), asked=Asked(aims=True)).missed == 2


def test_a_configuration_that_was_not_trained_lost_no_seed():
    assert noted(line(0, "ok", "step"), line(1, "ok", "step")).lost == ""


@pytest.mark.parametrize(
    ("given", "count", "lost", "told"),
    [
        (1, 1, "", "1 seed"),
        (5, 5, "", "5 seeds"),
        (4, 5, "1 diverged", "4 of 5 seeds, 1 diverged"),
        (1, 2, "", "1 of 2 seeds"),
        (3, 0, "", "3 seeds"),
    ],
)
def test_how_many_seeds_a_number_is_over(given, count, lost, told):
    assert over_seeds(given, count, lost) == told


@pytest.mark.parametrize(
    ("plan", "asked"),
    [
        ({}, Asked()),
        ({"seeds": "text", "until": 0.0}, Asked()),
        ({"seeds": [0, 1], "until": 0.99, "epochs": 3}, Asked((0, 1), True)),
        ({"seeds": [0], "until": 0.99, "epochs": 0}, Asked((0,), False)),
    ],
)
def test_what_a_plan_asks_for(plan, asked):
    assert asked_of(plan) == asked
