from dataclasses import replace
from pathlib import Path

from bench.report.conclusions import Sentence, conclusions, counts
from bench.report.load import read
from bench.store.result import Measurement, Result
from tests.report import report_sample as sample
from tests.report.insight_sample import insight, looked_into


def sentences(root: Path, results: list, **facts) -> dict[str, Sentence]:
    drawn = conclusions(read(sample.recorded(root, results, **facts)))
    assert all(any(letter.isdigit() for letter in sentence.evidence) for sentence in drawn)
    return {sentence.topic: sentence for sentence in drawn}


def test_a_clear_leader_is_named_with_its_interval(tmp_path: Path):
    sentence = sentences(tmp_path, sample.results())["Cheapest step"]
    assert sentence.claim.startswith("softmax_regression, at ")
    assert sentence.claim.endswith("of the cost of mlp.")
    assert "n = 3 processes" in sentence.evidence
    assert "with 1 thread" in sentence.evidence


def test_a_tie_is_called_a_tie(tmp_path: Path):
    results = sample.results(("lenet5", "convnet"), noise=0.2)
    assert sentences(tmp_path, results)["Cheapest step"].claim.endswith(
        "cannot be told apart: their intervals overlap."
    )


def test_one_seed_makes_no_claim_about_the_order(tmp_path: Path):
    sentence = sentences(tmp_path, sample.results())["Most accurate"]
    assert "no claim about the order" in sentence.claim
    assert "one seed: no interval" in sentence.evidence


def test_a_budget_names_the_best_within_and_beyond(tmp_path: Path):
    sentence = sentences(tmp_path, sample.results(seeds=4))["On a budget"]
    assert (
        sentence.claim
        == "Within 3 times the cost of the reference (a frozen mlp, SGD, batch 64), convnet is the most accurate."
    )
    assert "Beyond the budget the highest is vgg6: accuracy" in sentence.evidence


def test_more_arithmetic_for_less_cost_is_a_surprise(tmp_path: Path):
    sentence = sentences(tmp_path, sample.results())["Surprise"]
    assert (
        sentence.claim
        == "convnet does more arithmetic in convolutions, products and attention than separable, yet costs less."
    )


def test_without_training_nothing_is_said_of_accuracy(tmp_path: Path):
    drawn = sentences(tmp_path, sample.results(epochs=0))
    assert "Most accurate" not in drawn
    assert not any("accura" in sentence.claim + sentence.evidence for sentence in drawn.values())


def test_failures_are_told_with_their_reasons(tmp_path: Path):
    sentence = sentences(tmp_path, sample.troubled())["Missing"]
    assert sentence.claim == "3 of 10 configurations gave no full result, and so no rank."
    assert "resnet20 (timed out: no answer within 600 s)" in sentence.evidence


def test_a_missed_target_is_told(tmp_path: Path):
    sentence = sentences(tmp_path, sample.results(noise=0.1))["Less certain"]
    assert "missed the precision target of ±" in sentence.claim


def test_counts_include_what_was_left_out(tmp_path: Path):
    left_out = sample.Result(sample.Cell("vgg16", device="cuda"), "skipped", "no CUDA device")
    record = read(sample.recorded(tmp_path, [*sample.troubled(), left_out]))
    assert counts(record) == "7 ok, 1 skipped, 1 out of memory, 1 timed out, 1 failed"
    nothing = read(sample.recorded(tmp_path, [], "nothing"))
    assert counts(nothing) == "no configurations"


def test_a_seed_that_diverged_takes_the_time_to_the_target_with_it(tmp_path: Path):
    results = sample.results(("mlp", "lenet5"), repeats=1, seeds=5)
    lost = next(
        at for at, result in enumerate(results) if (result.cell.architecture, result.cell.seed) == ("lenet5", 3)
    )
    results[lost] = sample.Result(results[lost].cell, "diverged", "the loss is nan")
    plan = {"seeds": [0, 1, 2, 3, 4], "until": 0.95, "epochs": 3}
    reached = sample.Measurement("reached", "1", "higher", 1.0, "share")
    results = [
        replace(result, measurements=(*result.measurements, reached)) if result.training else result
        for result in results
    ]
    sentence = sentences(tmp_path, results, plan=plan)["To 95 %"]
    assert sentence.claim == "mlp is the only one that reached 95 % test accuracy with each of 5 seeds."
    assert "lenet5: 4 of 5 seeds reached it (1 diverged), so it has no time" in sentence.evidence


def test_where_every_seed_diverged_nobody_reached_the_target(tmp_path: Path):
    results = [
        sample.Result(sample.Cell("mlp", seed=seed), "diverged", "the loss is nan after 9 steps") for seed in range(2)
    ]
    sentence = sentences(tmp_path, results, plan={"seeds": [0, 1], "until": 0.95, "epochs": 3})["To 95 %"]
    assert sentence.claim == "No configuration reached it with every seed."
    assert sentence.evidence == (
        "mlp: 0 of 2 seeds reached it (2 diverged), so it has no time (0\u00a0% to 84\u00a0% of all seeds reach it)."
    )


def test_who_is_robust_is_told_in_points(tmp_path: Path):
    kept = {"lenet5": 0.43, "resnet8": 0.71}
    results = [
        looked_into(each, insight(kept[each.cell.architecture], seed=each.cell.seed))
        for each in sample.results(tuple(kept), seeds=3, repeats=1)
    ]
    sentence = sentences(tmp_path, results)["Most robust"]
    assert sentence.claim == "resnet8, 28.0 percentage points above lenet5."
    assert "resnet8 72\u00a0% (70 to 74, n = 3 seeds); lenet5 44" in sentence.evidence
    assert "right whatever PGD does to them within eps 0.1" in sentence.evidence


def test_least_memory_is_told_where_several_processes_tell_it(tmp_path: Path):
    """Of one process there is a number, and no order."""

    def taking(repeats: int) -> list[Result]:
        taken = {"mlp": 4e6, "lenet5": 8e6}
        plain = sample.results(tuple(taken), repeats=repeats)
        known = [(each, taken[each.cell.architecture] * (1 + each.repeat / 100)) for each in plain]
        return [
            replace(each, measurements=(*_without(each), Measurement.of_value("peak_memory", peak, "maximum")))
            for each, peak in known
        ]

    sentence = sentences(tmp_path / "several", taking(3))["Least memory"]
    assert sentence.claim == "mlp, at 50\u00a0% of the peak memory of lenet5."
    assert "Least memory" not in sentences(tmp_path / "alone", taking(1))


def _without(result: Result) -> list[Measurement]:
    return [measured for measured in result.measurements if measured.metric != "peak_memory"]


def test_a_goal_is_told_first_by_both_rules(tmp_path: Path):
    plan = {"seeds": [0, 1, 2, 3], "goal": 0.98, "epochs": 3}
    drawn = conclusions(read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=4), plan=plan)))
    assert [sentence.topic for sentence in drawn[:2]] == ["Goal 98 %", "Goal 98 %"]
    above, below = sorted(drawn[:2], key=lambda sentence: sentence.claim)
    assert above.claim.startswith("lenet5: 98.7")
    assert " over 4 seeds is above 98.00 % (one-sided p " in above.claim
    assert "by 4 of 4 seeds. By the strict rule all trainings are equally long" in above.evidence
    assert below.claim.startswith("mlp: 97.1")
    assert " is not shown to be above 98.00 % (one-sided p " in below.claim
    assert below.evidence.startswith("It was never seen at 98.00 %.")
