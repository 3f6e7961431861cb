"""Races: workloads and optimizers out of a run's lines, and what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.race import race_of, workload_of
from bench.store.race_sentences import basis_of, doubts_of, leader_of, workload_sentence
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning

PLAN = {"until": 0.9, "targets": ("lenet1=98%",), "held_out": ("mlp_bn=mlp",), "tune": 5}
CONTENDED = Warning("training", "contended", 0.5, "other work took its cores")


def line(net, optimizer, seed, seconds=None, status="ok", **fields):
    """A result whose training took so many seconds, ten steps each; None where it did not reach the target."""
    reached = [("time_to_accuracy", seconds), ("steps_to_accuracy", 10 * seconds)] if seconds else []
    taken = tuple(Measurement.of_value(name, value, "at target") for name, value in reached)
    warnings = fields.pop("warnings", ())
    cell = Cell(net, optimizer, seed=seed, **fields)
    reason = "out of budget" if status == "skipped" else None
    return Result(cell, status, reason, measurements=taken, warnings=warnings)


def race(tmp_path, *results, plan=PLAN, known=None):
    run = create("mine", {"plan": plan, "optimizers": known or {}}, tmp_path)
    for result in results:
        run.append(result)
    return race_of(run.heads(), run.facts.plan, run.facts.optimizers)


def three_seeds(net, optimizer, *seconds, **fields):
    return [line(net, optimizer, seed, value, **fields) for seed, value in enumerate(seconds)]


@pytest.fixture
def usual(tmp_path):
    """On mlp adam is twice as fast, and soap fails what is held out beside it; on lenet1 soap is first."""
    return race(
        tmp_path,
        *three_seeds("mlp", "adam", 1.0, 1.1, 0.9, learning_rate=0.01, implementation="fused"),
        *three_seeds("mlp", "soap", 2.0, 2.2, 1.8, learning_rate=0.1),
        *three_seeds("mlp_bn", "adam", 1.0, 1.0, 1.0, learning_rate=0.01, implementation="fused"),
        *three_seeds("mlp_bn", "soap", None, None, 3.0, learning_rate=0.1),
        *three_seeds("lenet1", "adam", 3.0, 3.0, None, learning_rate=0.3, implementation="fused"),
        *three_seeds("lenet1", "soap", 1.0, 1.0, 1.0, learning_rate=0.1),
        known={"soap": {"description": "SOAP"}},
    )


def test_workloads_optimizers_and_targets(usual):
    assert usual.optimizers == ("adam", "soap")
    assert [workload.architecture for workload in usual.workloads] == ["lenet1", "mlp"]
    assert {base.architecture: held.architecture for base, held in usual.held_out.items()} == {"mlp": "mlp_bn"}
    assert sorted(usual.targets.values()) == [0.9, 0.9, 0.98]
    assert usual.rates["adam", usual.workloads[0]] == 0.3
    assert usual.descriptions == {"adam": "", "soap": "SOAP"}
    np.testing.assert_array_equal(usual.times["seconds"]["adam", usual.workloads[0]], [3.0, 3.0, np.inf])


def test_the_score_is_held_to_what_is_held_out(usual):
    drawn = usual.profiles("seconds")
    np.testing.assert_array_equal(drawn.ratios, [[3.0, 1.0], [1.0, np.inf]])  # soap loses mlp to mlp_bn
    np.testing.assert_allclose(drawn.scores[0], [(1 + 1 / 3) / 2, 0.5])
    np.testing.assert_array_equal(usual.held_out_profiles("seconds").ratios, [[1.0], [np.inf]])
    np.testing.assert_allclose(usual.profiles("steps").scores, drawn.scores)  # as many steps a second


def test_it_is_told_in_sentences(usual):
    assert leader_of(usual, usual.profiles("seconds")).startswith("adam has the highest score, 0.667 (")
    assert "by steps to the target, over 2 workloads, with 1 more held out, at the learning" in basis_of(usual, "steps")
    sentences = [workload_sentence(usual, "seconds", workload) for workload in usual.targets]
    assert sentences == [
        "lenet1 to 98.00 %: soap first, 1.00 s",
        "mlp to 90.00 %: adam first, 1.00 s",
        "mlp_bn to 90.00 % (held out): adam first, 1.00 s; not reached by most seeds of soap",
    ]
    assert doubts_of(usual, "seconds") == []


def test_a_rival_whose_interval_reaches_the_leaders_is_named(tmp_path):
    close = race(tmp_path, *three_seeds("mlp", "adam", 1.0, 1.5, 0.5), *three_seeds("mlp", "sgd", 1.1, 0.6, 1.6))
    assert leader_of(close, close.profiles("seconds")).endswith("but cannot be told apart from sgd.")


def test_an_optimizer_that_was_not_tried_everywhere_is_left_out_and_named(tmp_path):
    part = race(
        tmp_path,
        *three_seeds("mlp", "adam", 1.0, 1.0, 1.0),
        *three_seeds("mlp", "sgd", 1.0, 1.0, 1.0),
        *three_seeds("mlp", "lbfgs", 1.0, 1.0, 1.0),
        *three_seeds("lenet1", "adam", 1.0, 1.0, 1.0),
        *(line("lenet1", "sgd", seed, status="skipped") for seed in range(3)),
        line("lenet1", "lbfgs", 0, 2.0),
        line("lenet1", "lbfgs", 1, status="skipped"),
        line("lenet1", "lbfgs", 2, status="diverged"),
    )
    assert part.optimizers == ("adam", "lbfgs")
    assert doubts_of(part, "seconds") == ["sgd is left out: lenet1: out of budget"]
    np.testing.assert_array_equal(part.times["steps"]["lbfgs", part.workloads[0]], [20.0, np.inf])


def test_trainings_beside_other_work_are_counted(tmp_path):
    busy = race(
        tmp_path, *three_seeds("mlp", "adam", 1.0, 2.0, warnings=(CONTENDED,)), *three_seeds("mlp", "sgd", 1.0, 2.0)
    )
    doubts = ["2 trainings ran beside other work, so that their seconds are too long: --by steps"]
    assert (doubts_of(busy, "seconds"), doubts_of(busy, "steps")) == (doubts, [])


def test_a_seed_that_several_machines_trained_is_one_seed_and_their_seconds_do_not_compare():
    results = [*three_seeds("mlp", "adam", 1.0, 2.0), *three_seeds("mlp", "sgd", 1.0, 2.0)]
    each = [{**json.loads(result.to_line()), "machine": machine} for machine in "ab" for result in results]
    merged = race_of(each, {"until": 0.9}, {})
    assert merged.seeds == 2
    assert doubts_of(merged, "seconds") == ["2 kinds of machines trained, whose seconds do not compare: --by steps"]


def test_a_stored_cell_that_leaves_out_the_usual_seed_has_it_all_the_same():
    results = [*three_seeds("mlp", "adam", 1.0), *three_seeds("mlp", "sgd", 2.0)]
    each = [json.loads(result.to_line()) for result in results]
    for stored in each:
        assert stored["cell"].pop("seed", 0) == 0
    assert race_of(each, {"until": 0.9}, {}).is_one


def test_rows_of_one_optimizer_are_named_apart(tmp_path):
    plan = {"until": 0.9}
    rates = race(
        tmp_path,
        *three_seeds("mlp", "adam", 1.0, learning_rate=0.1),
        *three_seeds("mlp", "adam", 1.0, learning_rate=0.01, schedule="cosine"),
        plan=plan,
    )
    assert rates.optimizers == ("adam 0.1", "adam cosine 0.01")


def test_no_race_without_targets_or_rivals(tmp_path):
    assert not race(tmp_path, *three_seeds("mlp", "adam", 1.0), plan={}).is_one
    assert not race(tmp_path / "other", *three_seeds("mlp", "adam", 1.0)).is_one


def test_a_workload_says_nothing_of_the_optimizer():
    cell = Cell(
        "mlp", "adam", batch_size=8, learning_rate=1.0, seed=4, implementation="fused", origins=("optimizer=a:B",)
    )
    assert workload_of(cell) == replace(Cell("mlp"), batch_size=8)


def test_what_is_held_out_of_a_net_that_was_not_measured_is_a_workload_like_others(tmp_path):
    alone = race(tmp_path, *three_seeds("mlp_bn", "adam", 1.0), *three_seeds("mlp_bn", "sgd", 2.0))
    assert [workload.architecture for workload in alone.workloads] == ["mlp_bn"]
    assert alone.held_out == {}
    assert alone.held_out_profiles("seconds") is None
