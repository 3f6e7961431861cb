"""What sentences claim, on planted numbers: winner, tie, one seed, mixed denominators, outlier."""

from dataclasses import replace

import pytest

from bench.report.comparable import groups
from bench.report.conclusions import conclusions
from bench.report.table import kin, placed
from bench.report.tradeoffs import front, tied_to_front
from tests.report.report_sample import planted, record_of


def said(*rows, **more) -> dict[str, list[str]]:
    """The claims by topic."""
    topics: dict[str, list[str]] = {}
    for sentence in conclusions(record_of(*rows, **more)):
        topics.setdefault(sentence.topic, []).append(sentence.claim.replace("\u00a0", " "))
    return topics


def evidence(topic: str, *rows, **more) -> str:
    return next(one.evidence for one in conclusions(record_of(*rows, **more)) if one.topic == topic)


TWO = {"threads": 2}
# Two nets at one and at two threads, costs against a reference that took 7 ms and 2.3 ms.
MIXED = (
    planted("lenet5 t1", relative_cost=(0.86, 0.01), throughput=(9000, 90)),
    planted("mlp t1", relative_cost=(1.1, 0.01), throughput=(16000, 90)),
    planted("lenet5 t2", relative_cost=(1.0, 0.01), throughput=(14000, 90), cell=TWO),
    planted("mlp t2", relative_cost=(0.5, 0.01), throughput=(24000, 90), cell=TWO),
)


def test_a_winner_is_named_with_its_lead():
    claims = said(planted("a", relative_cost=(1.0, 0.01)), planted("b", relative_cost=(2.0, 0.01)))
    assert claims["Cheapest step"] == ["a, at 50 % of the cost of b."]


def test_a_small_lead_is_never_100_percent():
    claims = said(planted("a", relative_cost=(1.0, 0.001)), planted("b", relative_cost=(1.003, 0.001)))
    assert claims["Cheapest step"] == ["a, 0.3 % below the cost of b."]


def test_a_noisy_one_between_two_quiet_ones_ties_and_the_quiet_one_is_not_passed_over():
    rows = [planted(name, relative_cost=number) for name, number in (("a", (1, 0.01)), ("b", (1.05, 0.01)))]
    claims = said(*rows, planted("noisy", relative_cost=(1.1, 0.12)))
    assert claims["Cheapest step"] == [
        "a and noisy cannot be told apart: their intervals overlap; b, between them, is certainly not first."
    ]


def test_one_seed_behind_the_first_is_still_not_told_apart():
    claims = said(*(planted(name, accuracy=number) for name, number in (("a", (0.98, 0.001)), ("b", 0.95))))
    assert claims["Most accurate"] == ["a came out ahead; b, from one seed, has no interval to compare with."]


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("threads", 2, "With 2 threads"),
        ("device", "cuda:0", "On cuda:0"),
        ("denormals", "flush", "With denormals flushed"),
        ("dataset", "fashion", "On fashion"),
    ],
)
def test_costs_over_different_denominators_are_ranked_apart(field, value, name):
    ours = [planted("a", relative_cost=(1.0, 0.01)), planted("b", relative_cost=(2.0, 0.01))]
    theirs = [
        planted("c", relative_cost=(0.1, 0.001), cell={field: value}),
        planted("d", relative_cost=(0.2, 0.001), cell={field: value}),
    ]
    record = record_of(*ours, *theirs)
    assert {key: str(rank) for key, rank in placed(record).items()} == {"a": "1", "b": "2", "c": "1", "d": "2"}
    claims = said(*ours, *theirs)["Cheapest step"]
    assert [claim.partition(": ")[2] for claim in claims] == [
        "a, at 50 % of the cost of b.",
        "c, at 50 % of the cost of d.",
    ]
    assert claims[1].startswith(f"{name}: ")
    assert len(set(kin(record).values())) == 2


def test_machines_are_ranked_apart_and_named():
    rows = [planted(f"{name} {at}", relative_cost=(cost, 0.01), machine=at) for name, cost, at in
            (("a", 1.0, "x"), ("b", 2.0, "x"), ("c", 0.5, "y"), ("d", 0.7, "y"))]  # fmt: skip
    claims = said(*rows, machines={"x": "Xeon", "y": "EPYC"})["Cheapest step"]
    assert claims == ["On Xeon: a x, at 50 % of the cost of b x.", "On EPYC: c y, at 71 % of the cost of d y."]


def test_with_several_threads_each_sentence_says_which():
    claims = said(*MIXED)
    assert claims["Cheapest step"] == [
        "With 1 thread: lenet5 t1, at 78 % of the cost of mlp t1.",
        "With 2 threads: mlp t2, at 50 % of the cost of lenet5 t2.",
    ]
    assert claims["Highest throughput of a step"] == [
        "With 1 thread: mlp t1, 78 % above lenet5 t1.",
        "With 2 threads: mlp t2, 71 % above lenet5 t2.",
    ]
    assert "with 1 thread." in evidence("Cheapest step", *MIXED)


def test_what_shares_no_denominator_is_not_ranked():
    claims = said(planted("a", relative_cost=(1, 0.01)), planted("b", relative_cost=(2, 0.01), cell=TWO))
    assert claims == {"Relative cost": ["a and b were measured under different conditions, so they do not compare."]}
    assert placed(record_of(*MIXED[1:3])) == {}


def test_throughput_compares_with_and_without_denormals():
    rows = [planted(mode, throughput=(9000, 90), cell={"denormals": mode}) for mode in ("keep", "flush")]
    assert [group.name for group in groups(record_of(*rows), rows, "throughput")] == [""]


def bought(name, cost, accuracy, **more):
    return planted(name, relative_cost=cost, accuracy=accuracy, **more)


CHEAP = [bought("a", (0.9, 0.01), (0.970, 0.001)), bought("b", (1.9, 0.01), (0.971, 0.001))]
DEAR = [bought("y", (8, 0.1), (0.99, 0.001)), bought("z", (9, 0.1), (0.991, 0.001))]


def test_a_budget_has_a_winner_only_where_intervals_say_so():
    best = bought("b", (1.9, 0.01), (0.98, 0.001))
    assert said(CHEAP[0], best, *DEAR)["On a budget"] == [
        "Within 2 times the cost of the reference (mlp), b is the most accurate."
    ]
    assert said(*CHEAP, *DEAR)["On a budget"] == [
        "Within 2 times the cost of the reference (mlp), b and a cannot be told apart: their intervals overlap."
    ]


def test_a_budget_never_passes_over_what_has_no_interval():
    single = bought("single", (1.5, 0.01), 0.995)
    (claim,) = said(*CHEAP, single, *DEAR)["On a budget"]
    assert claim.endswith("single came out ahead, but from one seed: no interval, so no claim about the order.")
    low = bought("low", (1.5, 0.01), 0.90)
    (claim,) = said(CHEAP[0], bought("b", (1.9, 0.01), (0.98, 0.001)), low, *DEAR)["On a budget"]
    assert claim.endswith("b came out ahead; low, from one seed, has no interval to compare with.")


def test_a_budget_is_not_won_by_what_may_lie_beyond_it():
    best = bought("b", (1.9, 0.3), (0.98, 0.001))
    (claim,) = said(CHEAP[0], best, *DEAR)["On a budget"]
    assert claim == (
        "b is the most accurate near 2 times the cost of the reference (mlp), yet it may cost less or more than that."
    )


def test_a_budget_is_within_one_denominator():
    rows = [bought(f"{row.label} 2", (row.values["relative_cost"].value / 3, 0.01), (0.999, 0.0001), cell=TWO)
            for row in DEAR]  # fmt: skip
    (claim,) = said(CHEAP[0], bought("b", (1.9, 0.01), (0.98, 0.001)), *DEAR, *rows)["On a budget"]
    assert claim == "With 1 thread: within 2 times the cost of the reference (mlp), b is the most accurate."


def sized(name, accuracy, parameters, **more):
    return planted(name, accuracy=accuracy, parameters=parameters, **more)


@pytest.mark.parametrize(
    ("half", "claims"), [(0.001, True), (0.02, False), (None, False)], ids=["narrow", "wide", "one seed"]
)
def test_small_and_close_needs_the_difference_within_half_a_point(half, claims):
    rows = sized("big", (0.99, half), 9e5), sized("small", (0.989, half), 1e4)
    drawn = said(*rows).get("Small and close")
    assert drawn == (["small comes within half a point of big with 1.1 % of its parameters."] if claims else None)


def test_small_and_close_is_judged_against_the_best_even_if_that_has_no_interval():
    rows = sized("best", 0.999, 1e6), sized("big", (0.99, 0.001), 9e5), sized("small", (0.989, 0.001), 1e4)
    assert "Small and close" not in said(*rows)


def surprising(name, cost, flops, **cell):
    return planted(name, relative_cost=cost, flops=flops, cell=cell)


@pytest.mark.parametrize("cell", [{}, {"dtype": "bfloat16"}, {"mode": "compile"}, {"threads": 2}, {"batch_size": 8}])
def test_a_surprise_is_between_nets_under_the_same_settings(cell):
    rows = surprising("much", (1.0, 0.01), 9e9, **cell), surprising("little", (2.0, 0.01), 1e9)
    claim = "much does more arithmetic in convolutions, products and attention than little, yet costs less."
    assert said(*rows).get("Surprise") == (None if cell else [claim])


def test_a_surprise_needs_intervals():
    assert "Surprise" not in said(surprising("much", 1.0, 9e9), surprising("little", (2.0, 0.01), 1e9))
    assert "Surprise" not in said(surprising("much", (1.0, 0.6), 9e9), surprising("little", (1.5, 0.2), 1e9))


def timed(name, time, **more):
    return planted(name, time_to_accuracy=time, training_step=0.01, steps_to_accuracy=100, **more)


def test_times_between_looks_have_an_order_only_where_the_brackets_do():
    first, second = timed("a", (7.9, 0.2, 5.0)), timed("b", (11.2, 0.2, 5.6))
    (claim,) = said(first, second, target=0.98)["To 98 %"]
    assert claim.startswith("In time to 98 % test accuracy, a and b cannot be told apart: ")
    assert claim.endswith(": their intervals, each since the look before, overlap.")
    later = timed("b", (11.2, 0.2, 9.0))
    assert said(first, later, target=0.98, aimed=True)["To 98 %"] == [
        "a reaches 98 % test accuracy in the least training time with each of 3 seeds."
    ]
    assert "not yet at 5.00 s" in evidence("To 98 %", first, later, target=0.98).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("low", "n", "words"), [(None, 1, "one process: no interval"), (0.0, 3, "too noisy for an interval")]
)
def test_why_a_cost_has_no_precision_is_told(low, n, words):
    """A process that gave 0 leaves an interval that no ratio has."""
    row = planted("a", relative_cost=2.0)
    cost = replace(row.values["relative_cost"], low=low, high=None if low is None else 4.0, n=n)
    record = record_of(replace(row, values={"relative_cost": cost}))
    record = replace(record, facts=replace(record.facts, plan={**record.facts.plan, "precision": 0.03}))
    (sentence,) = [each for each in conclusions(record) if each.topic == "Less certain"]
    assert sentence.evidence == f"a ({words})."


def test_one_seed_makes_no_claim_about_times():
    rows = timed("a", (2.0, None, 1.0)), timed("b", (11.2, None, 9.0))
    assert said(*rows, target=0.98)["To 98 %"] == [
        "a was seen at 98 % test accuracy first, by one seed, which has no interval: no claim about the order."
    ]


def test_a_target_that_was_chosen_afterwards_is_said_to_be_so():
    rows = timed("a", (2.0, 0.1, 1.0)), timed("b", (11.2, 0.1, 9.0))
    assert "chosen after the run" in evidence("To 98 %", *rows, target=0.98)
    assert "chosen after the run" not in evidence("To 98 %", *rows, target=0.98, aimed=True)


def test_accuracies_at_which_training_stopped_are_ranked_with_none():
    stop = ({"until": {"reached": True}, "epochs": []},)
    stopped = bought("stopped", (0.5, 0.01), (0.995, 0.001), training=stop)
    claims = said(*CHEAP, *DEAR, stopped, target=0.99, aimed=True)
    assert claims["Test accuracy"] == [
        "Training stopped at the target of 99 %, so accuracies are high by selection and have no order."
    ]
    assert not any("stopped" in claim for topic in ("Most accurate", "On a budget") for claim in claims[topic])


@pytest.mark.parametrize("reached", [True, False])
def test_those_that_missed_a_target_are_ranked_only_where_all_missed_it(reached):
    """Beside those that stopped at 99 % the best of the rest would be called the most accurate."""
    first, *missed = [
        bought(name, (cost, 0.01), (share, 0.001), training=({"until": {"reached": hit}, "epochs": []},))
        for name, cost, share, hit in [("a", 0.5, 0.99, reached), ("b", 1, 0.4, False), ("c", 2, 0.3, False)]
    ]
    claims = said(first, *missed, target=0.99, aimed=True)
    assert ("Most accurate" in claims) is not reached
    assert ("Test accuracy" in claims) is reached


def test_the_front_comes_with_what_is_tied_to_it():
    quiet = [bought("a", (1, 0.01), (0.97, 0.001)), bought("b", (2, 0.01), (0.98, 0.001))]
    beaten, tied = bought("beaten", (3, 0.01), (0.96, 0.001)), bought("tied", (3, 0.01), (0.979, 0.002))
    single = bought("single", (4, 0.01), 0.9)
    rows = [*quiet, beaten, tied, single]
    assert [row.label for row in front(rows, "relative_cost")] == ["a", "b"]
    assert [row.label for row in tied_to_front(rows, "relative_cost")] == ["tied", "single"]


def test_a_tie_near_the_budget_does_not_say_that_all_are_within():
    (claim,) = said(CHEAP[0], bought("b", (1.9, 0.3), (0.971, 0.001)), *DEAR)["On a budget"]
    assert claim == (
        "Within or near 2 times the cost of the reference (mlp), b and a cannot be told apart: their intervals overlap."
    )
