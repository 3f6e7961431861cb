import json
from dataclasses import replace
from typing import Any

import pytest

from bench.plan.cell import Cell
from bench.store.goal import GoalTest, goal_tests
from bench.store.machines import names_of
from bench.store.result import Measurement, Result
from bench.store.warning import Warning

ACCURACIES = (0.9910, 0.9906, 0.9904, 0.9908)
DISTURBED = Warning("training", "contended", 0.4, "other work took its cores")


def result(seed: int, accuracy: float, seconds: float = 2.0) -> Result:
    """A training with a look at each half: at 98.5 %, and at the end."""
    looks = [(seconds / 2, 0.985), (seconds, accuracy)]
    entries = [{"seconds": spent, "steps": 1, "epoch": 1, "test_accuracy": seen} for spent, seen in looks]
    final = (Measurement.of_value("accuracy", accuracy, "final"),)
    return Result(Cell("lenet5", seed=seed), "ok", None, measurements=final, training={"epochs": entries})


def judged(results: list[Result], goal: float = 0.99, **plan: Any) -> GoalTest:
    lines = [json.loads(each.to_line()) for each in results]
    plan = {"goal": goal, "epochs": 1, "seeds": [each.cell.seed for each in results], **plan}
    tests = goal_tests(lines, plan, names_of(lines))
    assert list(tests) == [Cell("lenet5")]
    return tests[Cell("lenet5")]


def four(**changes: Any) -> list[Result]:
    return [replace(result(seed, accuracy), **changes) for seed, accuracy in enumerate(ACCURACIES)]


def test_a_mean_above_the_goal_passes_and_says_by_how_much():
    """Mean 99.07 %, standard error 0.0129 points: t = 5.42 with 3 degrees of freedom, p = 0.0061."""
    test = judged(four())
    assert test.passed
    assert test.p == pytest.approx(0.00614, rel=0.01)
    verdict = "99.07 ± 0.04 % over 4 seeds is above 99.00 % (one-sided p 0.006)"
    assert test.by_mean == f"{verdict}, after 2.00 s ± 0 % of training"
    assert test.by_first_look == "first seen at 99.00 % after 2.00 s ± 0 %, by 4 of 4 seeds"


def test_a_mean_above_the_goal_that_chance_may_have_made_does_not_pass():
    test = judged([result(0, 0.9910), result(1, 0.9880), result(2, 0.9930)])
    assert not test.passed
    assert test.p == pytest.approx(0.3457, abs=1e-4)
    assert "is not shown to be above 99.00 % (one-sided p 0.35)" in test.by_mean
    assert test.by_first_look.endswith("by 2 of 3 seeds")


def test_trainings_of_unlike_length_are_not_tested():
    """As runs have them that were made before a goal under a limit was refused."""
    whole = four()
    cut = [*whole[1:], replace(whole[0], training={**(whole[0].training or {}), "limit": 2.0})]
    test = judged(cut)
    assert (test.p, test.passed) == (None, False)
    words = "over 4 seeds cannot be tested against 99.00 %, since 2 s ended trainings (--train-limit), after"
    assert words in test.by_mean


def test_the_first_look_counts_though_the_end_is_worse():
    test = judged(four(), goal=0.98)
    assert test.first[""].value == pytest.approx(1.0)
    assert test.seconds[""].value == pytest.approx(2.0)


def test_nothing_passes_while_a_seed_is_lost():
    lost = Result(Cell("lenet5", seed=4), "diverged", "the loss is nan")
    test = judged([*four(), lost])
    assert test.p < 0.01
    assert not test.passed
    assert "over 4 of 5 seeds, 1 diverged is not shown" in test.by_mean


def test_one_of_which_all_seeds_are_lost_does_not_pass_in_silence():
    test = judged([Result(Cell("lenet5", seed=seed), "diverged", "the loss is nan") for seed in (0, 1)])
    assert (test.accuracy, test.p, test.passed, test.seen) == (None, None, False, 0)
    assert test.by_mean == "none of 2 seeds has an accuracy, 2 diverged: it cannot be tested against 99.00 %"
    assert test.by_first_look == "never seen at 99.00 %"


def test_what_was_left_out_beforehand_is_not_judged():
    line = json.loads(Result(Cell("lenet5"), "skipped", "cannot run here").to_line())
    assert goal_tests([line], {"goal": 0.99, "epochs": 1, "seeds": [0]}, {}) == {}


def test_one_seed_is_not_tested():
    test = judged([result(0, 0.995)])
    assert (test.p, test.passed) == (None, False)
    assert test.by_mean.startswith("99.50 % over 1 seed cannot be tested against 99.00 %")


def test_a_goal_that_nobody_reached_has_no_time():
    test = judged(four(), goal=0.994)
    assert (test.passed, test.first, test.seen) == (False, {}, 0)
    assert test.by_first_look == "never seen at 99.40 %"


def test_a_time_that_other_work_had_a_part_in_is_marked():
    test, doubt = judged(four(warnings=(DISTURBED,))), "(other work took its cores: do not use the time)"
    assert test.by_mean.endswith(doubt)
    assert test.by_first_look == f"first seen at 99.00 % after 2.00 s ± 0 % {doubt}, by 4 of 4 seeds"


def test_without_a_goal_nothing_is_tested():
    assert goal_tests([json.loads(each.to_line()) for each in four()], {"goal": 0.0}, {}) == {}


def test_a_seed_that_several_machines_trained_counts_once():
    """Nobody knows more of a mean for having the same trainings twice."""
    alone, twice = judged([result(0, 0.9910), result(1, 0.9902)]), judged([result(0, 0.9910), result(1, 0.9902)] * 2)
    assert twice == alone
    assert twice.accuracy.n == 2


def test_times_of_several_machines_are_told_apart():
    """A second on one machine is no second on another: over both, the times would be of neither."""
    slow = [replace(result(seed, accuracy, 8.0), system={"cpu": "Slow"}) for seed, accuracy in enumerate(ACCURACIES)]
    test = judged([*four(system={"cpu": "Fast"}), *slow])
    assert {machine: time.value for machine, time in test.seconds.items()} == pytest.approx({"Fast": 2.0, "Slow": 8.0})
    assert test.by_mean.endswith(", after 2.00 s ± 0 % of training on Fast and 8.00 s ± 0 % of training on Slow")
    assert test.by_first_look.endswith(" after 2.00 s ± 0 % on Fast and 8.00 s ± 0 % on Slow, by 4 of 4 seeds")
    assert test.accuracy == judged(four()).accuracy
