"""Races: workloads and optimizers out of a run's lines, and what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.race_sentences import basis_of, doubts_of, edges_of, leader_of, workload_sentence
from bench.store.raced import race_of, workload_of
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
    assert usual.rates["adam", usual.workloads[0]] == (0.3,)
    assert usual.descriptions == {"adam": "", "soap": "SOAP"}
    np.testing.assert_array_equal(usual.times["seconds"]["adam", usual.workloads[0]], [3.0, 3.0, np.inf])


def test_the_score_is_held_to_what_is_held_out(usual):
    drawn = usual.profiles("seconds")
    np.testing.assert_array_equal(drawn.ratios, [[3.0, 1.0], [1.0, np.inf]])  # soap loses mlp to mlp_bn
    np.testing.assert_allclose(drawn.scores, [(1 + 1 / 3) / 2, 0.5])
    np.testing.assert_array_equal(usual.held_out_profiles("seconds").ratios, [[1.0], [np.inf]])
    np.testing.assert_allclose(usual.profiles("steps").scores, drawn.scores)  # as many steps a second


def test_it_is_told_in_sentences(usual):
    assert leader_of(usual, "seconds", usual.profiles("seconds")).startswith("adam has the highest score, 0.667 (")
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
    assert leader_of(close, "seconds", close.profiles("seconds")).endswith("but cannot be told apart from sgd.")


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
    assert list(merged.times) == ["steps"]
    assert "of 2 kinds of machines trained counts once, with its mean" in basis_of(merged, "steps")
    assert doubts_of(merged, "seconds") == ["2 kinds of machines trained, whose seconds do not compare: --by steps"]


def on(machine, *results):
    """Their lines as of a run on that machine."""
    return [{**json.loads(result.to_line()), "machine": machine, "run": f"u{machine}"} for result in results]


def both_ways(first, second, plan, tuned=()):
    """The race of two merged runs, whichever is named first, as all that is said of it by steps."""
    races = [race_of(lines, plan, {}, tuned) for lines in (first + second, second + first)]
    said = [(leader_of(each, "steps", each.profiles("steps")), doubts_of(each, "steps"), each.rates) for each in races]
    np.testing.assert_equal(races[0].times, races[1].times)
    assert said[0] == said[1]
    return races[0]


def test_which_run_is_merged_first_decides_nothing():
    """sgd is at the target first on one machine, and ran out of time on the other: it missed, as of any one seed."""
    plan = {"until": 0.9}
    first = on("a", *three_seeds("mlp", "adam", 2.0, 2.2, 2.1), *three_seeds("mlp", "sgd", 1.0, 1.1, 1.2))
    lost = [line("mlp", "sgd", seed, status="timeout") for seed in range(3)]
    merged = both_ways(first, on("b", *three_seeds("mlp", "adam", 8.0, 2.2, 2.1), *lost), plan)
    (workload,) = merged.workloads
    np.testing.assert_allclose(merged.times["steps"]["adam", workload], [40.0, 22.0, 21.0])  # the geometric mean
    np.testing.assert_array_equal(merged.times["steps"]["sgd", workload], [np.inf] * 3)
    assert doubts_of(merged, "steps") == [
        "sgd on mlp: 3 seeds reached the target on one machine and missed it on another, which counts as a miss"
    ]


def test_what_was_skipped_on_one_machine_is_what_the_other_says():
    plan = {"until": 0.9}
    first = on("a", *three_seeds("mlp", "adam", 1.0, 1.1), *three_seeds("mlp", "sgd", 2.0, 2.1))
    skips = [line("mlp", "sgd", seed, status="skipped") for seed in range(2)]
    merged = both_ways(first, on("b", *three_seeds("mlp", "adam", 1.0, 1.1), *skips), plan)
    assert (merged.optimizers, merged.absent) == (("adam", "sgd"), ())
    np.testing.assert_array_equal(merged.times["steps"]["sgd", merged.workloads[0]], [20.0, 21.0])


def test_seconds_of_one_machine_are_kept_where_the_other_trained_nothing():
    plan = {"until": 0.9}
    first = on("a", *three_seeds("mlp", "adam", 1.0, 1.1), *three_seeds("mlp", "sgd", 2.0, 2.1))
    merged = both_ways(first, on("b", line("mlp", "adam", 0, status="skipped")), plan)
    assert (merged.machines, list(merged.times)) == (1, ["seconds", "steps"])


def test_what_was_trained_again_counts_as_it_ended():
    """A resumed run has both lines; the one that crashed names no machine of its own."""
    crashed = on("", line("mlp", "sgd", 0, status="failed"))
    lines = on("a", *three_seeds("mlp", "adam", 1.0, 1.1), *three_seeds("mlp", "sgd", 2.0, 2.1))
    again = race_of([*({**each, "run": "ua"} for each in crashed), *lines], {"until": 0.9}, {})
    np.testing.assert_array_equal(again.times["steps"]["sgd", again.workloads[0]], [20.0, 21.0])


def choice(net, optimizer, *accuracies, best):
    """What run.json says of a search of a rate, by the accuracies at 0.01, 0.1 and 1."""
    tried = zip((0.01, 0.1, 1.0), accuracies, strict=True)
    trials = [{"learning_rate": rate, "status": "ok", "accuracy": accuracy, "loss": 1.0} for rate, accuracy in tried]
    return {"id": "", "cell": Cell(net, optimizer).to_dict(), "learning_rate": best, "trials": trials}


def test_a_seed_counts_once_where_machines_chose_other_rates():
    """One machine takes 0.1 for adam, the other 0.01, the lowest of the rates."""
    plan, sgd = {"until": 0.9, "tune": 3}, three_seeds("mlp", "sgd", 2.0, 2.1, 2.2, learning_rate=0.1)
    first = on("a", *three_seeds("mlp", "adam", 1.0, 1.1, 1.2, learning_rate=0.1), *sgd)
    second = on("b", *three_seeds("mlp", "adam", 4.0, 1.1, 1.2, learning_rate=0.01), *sgd)
    tuned = [choice("mlp", "adam", 0.8, 0.9, 0.8, best=0.1), choice("mlp", "adam", 0.9, 0.8, 0.7, best=0.01)]
    merged = both_ways(first, second, plan, [*tuned, choice("mlp", "sgd", 0.8, 0.9, 0.8, best=0.1)])
    assert merged.optimizers == ("adam", "sgd")
    assert (merged.seeds, merged.most_seeds) == (3, 3)
    np.testing.assert_allclose(merged.times["steps"]["adam", merged.workloads[0]], [20.0, 11.0, 12.0])
    assert merged.rates["adam", merged.workloads[0]] == (0.01, 0.1)
    assert edges_of(merged) == [
        "At the edge of what was tried, so that a better rate may lie beyond: adam on mlp (0.01)"
    ]


def test_a_rate_at_the_edge_is_told_of_the_net_that_was_tuned(tmp_path):
    results = [
        each
        for net in ("mlp", "mlp_bn")
        for optimizer in ("adam", "sgd")
        for each in three_seeds(net, optimizer, 1.0, 1.1, learning_rate=1.0)
    ]
    tuned = [choice("mlp", "adam", 0.7, 0.8, 0.9, best=1.0), choice("mlp", "sgd", 0.7, 0.9, 0.8, best=0.1)]
    lines = [json.loads(result.to_line()) for result in results]
    expected = ["At the edge of what was tried, so that a better rate may lie beyond: adam on mlp (1)"]
    assert doubts_of(race_of(lines, PLAN, {}, tuned), "steps") == expected
    alone = [stored for stored in lines if stored["cell"]["architecture"] == "mlp_bn"]  # its base is in another shard
    assert doubts_of(race_of(alone, PLAN, {}, tuned), "steps") == [expected[0].replace("mlp", "mlp_bn")]


def test_seeds_too_few_to_lie_apart_by_more_than_chance_make_no_claim(tmp_path):
    """Of two that are alike every tenth race of three seeds on one net looks so, with five one in 126."""
    few = race(tmp_path, *three_seeds("mlp", "adam", 1.0, 1.1, 1.2), *three_seeds("mlp", "sgd", 3.0, 3.1, 3.2))
    low, high = few.profiles("steps").score_ends
    assert low[0] > high[1]
    assert leader_of(few, "steps", few.profiles("steps")).endswith("but cannot be told apart from sgd.")
    fast, slow = (1.0, 1.1, 1.2, 1.3, 1.4), (3.0, 3.1, 3.2, 3.3, 3.4)
    more = race(tmp_path / "more", *three_seeds("mlp", "adam", *fast), *three_seeds("mlp", "sgd", *slow))
    assert leader_of(more, "steps", more.profiles("steps")).endswith("and no other interval reaches that.")


def test_one_seed_makes_no_claim(tmp_path):
    few = race(tmp_path, *three_seeds("mlp", "adam", 1.0), *three_seeds("mlp", "sgd", 2.0), line("mlp", "lion", 0))
    assert leader_of(few, "seconds", few.profiles("seconds")) == (
        "adam came out ahead with a score of 1.00, but from one seed: no interval, so no claim about the order."
    )
    assert basis_of(few, "steps").endswith("over 1 workload; each time is of one seed, so there is no interval.")
    assert workload_sentence(few, "steps", few.workloads[0]).endswith("adam first, 10 steps; not reached by lion")


def test_one_seed_among_more_makes_no_claim_either(tmp_path):
    few = race(tmp_path, *three_seeds("mlp", "adam", 1.0), *three_seeds("mlp", "sgd", 1.0, 1.0, 1.0))
    assert leader_of(few, "seconds", few.profiles("seconds")).startswith(
        "adam and sgd came out ahead with a score of 1.00, but with times from one seed: no interval"
    )
    assert "some times are of one seed, so there is no interval" in basis_of(few, "steps")


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


def test_a_net_of_ones_own_is_held_out_of_another(tmp_path):
    plan = {"until": 0.9, "held_out": ["net(width=32)=net"]}
    lines = [
        each
        for name in ("net", "net(width=32)")
        for optimizer, seconds in (("adam", 1.0), ("sgd", 2.0))
        for each in three_seeds(name, optimizer, *[seconds] * 3, origins=(f"architecture=nets.py:{name}",))
    ]
    mine = race(tmp_path, *lines, plan=plan)
    assert [workload.architecture for workload in mine.workloads] == ["net"]
    assert [workload.architecture for workload in mine.held_out.values()] == ["net(width=32)"]


def test_seeds_that_some_times_lack_are_not_said_of_all(tmp_path):
    some = race(
        tmp_path, *three_seeds("mlp", "adam", 1.0, 1.1, 1.2), *three_seeds("mlp", "sgd", 2.0, 2.1), plan={"until": 0.9}
    )
    assert "where 2 to 3 seeds of each time are drawn again" in basis_of(some, "seconds")
