"""Recipes: each change beside the base that it is one change of, its cost over processes and its gain by seed."""

import json
from dataclasses import replace

import pytest

from bench.cli.render.recipes import notes_of, rows_of
from bench.plan.cell import Cell
from bench.store.recipes import _TIMES, changes_of
from bench.store.result import Measurement, Result
from bench.store.warning import Warning

BASE = Cell("lenet5")
SHIFT, TESTED = replace(BASE, augmentation="shift"), replace(BASE, test_augmentation="flip")
PLAN = {
    "one_at_a_time": True,
    "architectures": ["lenet5"],
    "augmentations": ["none", "shift"],
    "test_augmentations": ["none", "flip"],
    "seeds": [0, 1, 2, 3],
}
NAMES = {"fast": "a fast machine", "slow": "a slow machine"}
DISTURBED = Warning("relative cost", "contended", 0.4, "other work took its cores")


def line(cell, seed, accuracy=None, cost=2.0, *, answer=1.0, warnings=()):
    taken = [Measurement.of_value("relative_cost", cost, "p10"), Measurement.of_value("inference", answer, "p25")]
    taken += [] if accuracy is None else [Measurement.of_value("accuracy", accuracy, "final")]
    result = Result(replace(cell, seed=seed), "ok", None, measurements=tuple(taken), warnings=tuple(warnings))
    return json.loads(result.to_line())


def lines():
    """Four seeds: the shift gains 0.4 points or so and costs a tenth, the flip gains what chance does."""
    given = [line(BASE, seed, 0.97 + seed / 1000, 2.0 + seed / 100) for seed in range(4)]
    given += [line(SHIFT, seed, 0.974 + seed / 990, 2.2 + seed / 100) for seed in range(4)]
    gains = (0.002, -0.003, 0.001, -0.001)
    return given + [line(TESTED, seed, 0.97 + seed / 1000 + gains[seed], 2.0, answer=2.0) for seed in range(4)]


def test_a_change_has_its_cost_and_its_gain_beside_the_base():
    shift, tested = changes_of(lines()[::-1], PLAN, {})
    assert [(each.base, each.cell, each.field) for each in (shift, tested)] == [
        (BASE, SHIFT, "augmentation"),
        (BASE, TESTED, "test_augmentation"),
    ]
    assert shift.step.value == pytest.approx(2.215 / 2.015, rel=1e-3)
    assert shift.step.low < shift.step.value < shift.step.high
    assert shift.answer is None  # it has no part in one
    assert tested.answer.value == pytest.approx(2.0)
    assert shift.gain.value == pytest.approx(0.004, abs=1e-4)
    assert (shift.verdict, tested.verdict) == ("gains", "not told from chance")


def test_p_counts_among_all_changes():
    (alone,) = changes_of([each for each in lines() if each["cell"]["test_augmentation"] == "none"], PLAN, {})
    together = changes_of(lines(), PLAN, {})[0]
    assert together.p == pytest.approx(2 * alone.p)


def test_how_many_p_there_are_is_said_of_those_that_are_known():
    """Of the flip one seed was measured."""
    some = [each for each in lines() if each["cell"]["test_augmentation"] == "none" or each["cell"]["seed"] == 0]
    assert "; p counts among the 1 of 2 changes that have one, so" in notes_of(changes_of(some, PLAN, {}))
    first = [each for each in lines() if each["cell"]["seed"] == 0]
    assert "; no p is told, which takes two seeds of both." in notes_of(changes_of(first, PLAN, {})) + "."


def test_without_its_base_a_table_takes_none_of_the_changes_in_its_place():
    cutout = replace(BASE, augmentation="cutout")
    plan = {**PLAN, "augmentations": ["none", "shift", "cutout"]}
    assert changes_of([line(SHIFT, 0, 0.9), line(cutout, 0, 0.8)], plan, {}) == []
    given = [line(BASE, 0, 0.7), line(SHIFT, 0, 0.9), line(cutout, 0, 0.8)]
    assert [each.cell for each in changes_of(given, plan, {})] == [SHIFT, cutout]


def test_of_two_cells_the_base_is_that_of_the_first_values():
    given = [line(SHIFT, 0, 0.9), line(BASE, 0, 0.8)]
    assert [each.base for each in changes_of(given, PLAN, {})] == [BASE]
    plan = {**PLAN, "augmentations": ["shift", "none"]}
    assert [(each.base, each.name) for each in changes_of(given, plan, {})] == [(SHIFT, "augmentation none")]


@pytest.mark.parametrize("status", ["timeout", "failed", "diverged", "oom"])
def test_an_accuracy_of_a_training_that_was_cut_short_is_no_gain(status):
    given = lines()
    cut = next(each for each in given if (each["cell"]["augmentation"], each["cell"]["seed"]) == ("shift", 2))
    cut |= {"status": status, "reason": "it took too long"}
    assert changes_of(given, PLAN, {})[0].gain.n == 3


def test_seeds_are_paired_and_the_missing_counted():
    given = [each for each in lines() if each["cell"]["seed"] != 2 or each["cell"]["augmentation"] == "none"]
    shift = changes_of(given, PLAN, {})[0]
    assert shift.gain.n == 3
    assert "over 3 of 4 seeds" in shift.in_words


def test_one_seed_is_shown_without_a_verdict():
    given = [each for each in lines() if each["cell"]["seed"] == 0]
    shift = changes_of(given, {**PLAN, "seeds": [0]}, {})[0]
    assert (shift.p, shift.gain.low, shift.verdict) == (None, None, "not told from chance")
    assert shift.in_words == (
        "augmentation shift: a step takes +10.0 %, accuracy +0.40 points over 1 seed, not told from chance"
    )


def test_disturbed_processes_do_not_count_unless_there_are_no_others():
    more = [*lines(), line(SHIFT, 0, cost=9.0, warnings=[DISTURBED])]
    assert changes_of(more, PLAN, {})[0].step == changes_of(lines(), PLAN, {})[0].step
    every = [{**each, "warnings": [DISTURBED.to_dict()]} for each in lines()]
    shift = changes_of(every, PLAN, {})[0]
    assert shift.contended
    assert rows_of([shift])[0]["changed"] == "augmentation shift *"
    assert "do not use" in notes_of([shift])


def test_without_blocks_a_step_is_that_of_training():
    given = lines()
    for each in given:
        each["measurements"] = [
            {**reading, "metric": "training_step"} if reading["metric"] == "relative_cost" else reading
            for reading in each["measurements"]
            if reading["metric"] != "inference"
        ]
    shift, tested = changes_of(given, PLAN, {})
    assert shift.step.value == pytest.approx(2.215 / 2.015, rel=1e-3)
    assert tested.answer is None


def test_a_run_of_all_combinations_has_no_base():
    assert changes_of(lines(), {**PLAN, "one_at_a_time": False}, {}) == []


def test_each_data_set_has_its_own_base():
    others = [replace(BASE, dataset="synthetic"), replace(SHIFT, dataset="synthetic")]
    given = [*lines(), *(line(cell, seed, 0.5) for cell in others for seed in range(4))]
    names = [change.name for change in changes_of(given, PLAN, {})]
    assert names == [
        "augmentation shift (mnist on cpu)",
        "test augmentation flip (mnist on cpu)",
        "augmentation shift (synthetic on cpu)",
    ]


def test_the_table_sets_cost_beside_gain():
    rows = rows_of(changes_of(lines(), PLAN, {}))
    assert list(rows[0]) == ["changed", "a step takes", "an answer takes", "accuracy", "seeds", "p", "which"]
    assert rows[0]["a step takes"].startswith("+9.9 % (")
    assert [row["an answer takes"][:8] for row in rows] == ["-", "+100.0 %"]
    assert rows[0]["accuracy"].startswith("+0.40 points (")
    assert rows[0]["which"] == "gains"


def test_a_step_is_compared_within_a_machine():
    """The base on both, the shift mostly on the slow one: over both it would seem to take twice as long."""

    def on(cpu, lines):
        return [{**each, "machine": cpu} for each in lines]

    fast = on("fast", [line(BASE, seed, 0.97, 1.0) for seed in range(4)] + [line(SHIFT, 0, 0.97, 1.1)])
    slow = on("slow", [line(cell, seed, 0.97, cost) for seed in range(3) for cell, cost in ((BASE, 4.0), (SHIFT, 4.4))])
    (shift,) = changes_of(fast + slow, PLAN, NAMES)
    assert shift.step.value == pytest.approx(1.1)
    assert shift.machine == "a slow machine"
    assert "a step takes +10.0 % (+10.0 to +10.0) on a slow machine" in shift.in_words
    assert rows_of([shift])[0]["on"] == "a slow machine"
    assert "those of several do not compare" in notes_of([shift])
    (apart,) = changes_of([each for each in fast if each["cell"]["augmentation"] == "none"] + slow[1:2], PLAN, NAMES)
    assert (apart.step, apart.machine) == (None, "")
    assert apart.gain.n == 1  # what a net learns is no machine's


@pytest.mark.parametrize(
    ("changed", "metric"),
    [
        ({"batch_size": 512}, "step"),
        ({"threads": 2}, "step"),
        ({"world_size": 2}, "step"),
        ({"loader": "transforms"}, "step_wall"),
        ({"dtype": "bfloat16"}, "relative_cost"),
    ],
    ids=lambda value: next(iter(value), None) if isinstance(value, dict) else value,
)
def test_a_step_is_told_by_what_holds_for_the_change(changed, metric):
    """A relative cost is an image's, without its fetch, and of one number of threads."""
    given = [line(cell, 0, 0.9) for cell in (BASE, replace(BASE, **changed))]
    for each, times in zip(given, (1.0, 3.0), strict=True):
        each["measurements"] = [Measurement.of_value(name, 2.0, "p10").to_dict() for name in _TIMES]
        for reading in each["measurements"]:
            reading["value"] *= times if reading["metric"] == metric else 1.0
    (change,) = changes_of(given, PLAN, {})
    assert change.step.value == pytest.approx(3.0)


def test_an_answer_does_not_depend_on_how_training_images_come():
    given = [
        line(cell, 0, 0.9, answer=answer) for cell, answer in ((BASE, 1.0), (replace(BASE, loader="workers_1"), 2))
    ]
    assert changes_of(given, PLAN, {})[0].answer is None


@pytest.mark.parametrize("aim", [{"until": 0.6}, {"targets": ["lenet5=60%"]}], ids=lambda aim: next(iter(aim)))
def test_accuracies_at_which_training_stopped_are_no_gain(aim):
    shift, _ = changes_of(lines(), {**PLAN, **aim}, {})
    assert (shift.gain, shift.p, shift.verdict) == (None, None, "not known")


def test_a_tuned_rate_goes_with_its_optimizer():
    base, other = replace(BASE, learning_rate=0.01), replace(BASE, optimizer="adam", learning_rate=0.001)
    given = [line(cell, 0, 0.9) for cell in (base, other, replace(base, augmentation="shift"))]
    plan = {**PLAN, "optimizers": ["sgd", "adam"]}
    assert changes_of(given, plan, {}) == []
    assert [each.name for each in changes_of(given, {**plan, "tune": 3}, {})] == [
        "optimizer adam",
        "augmentation shift",
    ]
