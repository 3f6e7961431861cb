"""A run against a baseline: every verdict from recorded runs in the genuine format, made with seeded noise."""

import numpy as np
import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.regression.check import CheckRules, check
from bench.regression.tolerances import Tolerances, tolerances
from bench.store import baseline
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.summary import summaries
from bench.store.warning import Warning

SYSTEM = {"cpu": "made up", "torch": "2.14.1", "python": "3.11.7", "os": "Linux-6.1", "cores_usable": 2}
LENET, MLP = Cell("lenet5"), Cell("mlp")
COUNTS = {"parameters": 61706.0, "operators_backward": 51.0, "flops": 1.6e8}


@pytest.fixture
def record(tmp_path):
    """Writes a run: each cell as (log cost, options); options change status, accuracy, memory, counts or system."""
    number = iter(range(1000))

    def write(cells, *, epochs=3, revision="a" * 40, name=None):
        index = next(number)
        facts = {
            "plan": {"epochs": epochs},
            "git": {"revision": revision, "dirty": False},
            "started": f"2026-01-01T00:{index // 60:02}:{index % 60:02}+00:00",
        }
        run = create(name or f"run{index}", facts, tmp_path / "results")
        for cell, (cost, options) in cells.items():
            for seed, accuracy in enumerate(options.get("accuracy", [0.98, 0.982, 0.981])):
                run.append(_result(cell, seed, cost, accuracy, options))
        return run

    return write


def _result(cell, seed, cost, accuracy, options):
    place = Cell.from_dict({**cell.to_dict(), "seed": seed})
    system = {**SYSTEM, **options.get("system", {})}
    if options.get("status", "ok") != "ok":
        return Result(place, options["status"], "made to fail", system=system)
    counts = {**COUNTS, **options.get("counts", {})}
    found = [
        Measurement.of_samples("step", np.full(10, 0.004), threads=1),
        Measurement(
            "relative_cost", "1", "lower", float(np.exp(cost)) if options.get("costs", True) else None, "p10", 1
        ),
        Measurement("peak_memory", "B", "lower", options.get("memory", 2e7), options.get("counted", "maximum")),
        *options.get("others", ()),
        *(Measurement(metric, "1", "lower", value, "exact") for metric, value in counts.items()),
    ]
    if accuracy is not None:
        found.append(Measurement("accuracy", "1", "higher", accuracy, "final"))
    training = {"limit": options.get("limit"), "epochs": []}
    warnings = options.get("warnings", ())
    return Result(place, "ok", measurements=tuple(found), training=training, system=system, warnings=warnings)


@pytest.fixture
def accepted(record, tmp_path):
    """A baseline of `runs` runs of lenet5 whose log costs have the given spread."""

    def save(runs=8, spread=0.02, **options):
        random = np.random.default_rng(5)
        for _ in range(runs):
            run = record({LENET: (1 + random.normal(0, spread), options)})
            baseline.save("main", summaries(run), tmp_path / "baselines")
        return baseline.load("main", tmp_path / "baselines")

    return save


@pytest.fixture
def held(record, accepted, tmp_path):
    """Judges a run of lenet5, with further measurements, by the text of a file: metric to verdict."""

    def judge(text, *others):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return judged(record({LENET: (1.0, {"others": others})}), accepted(), tolerances(path))[0]

    return judge


def judged(run, stored, allowed=None, **options):
    """Metric to verdict of the decision, and the decision."""
    found = check(run, stored, CheckRules(allowed=allowed or Tolerances(), **options))
    return {one.label: one for one in found.decision.verdicts}, found


def test_nothing_has_changed(record, accepted):
    found, checked = judged(record({LENET: (1.005, {})}), accepted())
    assert {metric: one.verdict for metric, one in found.items()} == {
        "relative_cost": "unchanged",
        "counts": "unchanged",
        "peak_memory": "unchanged",
        "accuracy": "unchanged",
    }
    assert checked.decision.exit_code == 0
    assert checked.decision.notes == ()
    assert (checked.decision.before, checked.decision.after) == ("baseline main (8 runs)", "run run0 (aaaaaaaaaa)")
    assert checked.suspects == {}


def test_what_speaks_against_a_cell_of_the_run_is_noted(record, accepted):
    warnings = (Warning("phases", "not steady", None, "no steady state"),)
    _, checked = judged(record({LENET: (1.0, {"warnings": warnings}), MLP: (1.0, {})}), accepted())
    assert checked.decision.notes == (f"flagged in this run: {LENET.id} (not steady 3 of 3)",)


def test_a_slowdown_is_a_suspect_and_never_failed_from_the_stored_number(record, accepted):
    found, checked = judged(record({LENET: (1.2, {})}), accepted())
    cost = found["relative_cost"]
    assert cost.verdict == "inconclusive"
    assert cost.suspect
    assert "python -m bench ab aaaaaaaaaa" in cost.remedy
    assert cost.ratio.value == pytest.approx(np.exp(0.2), rel=0.03)
    assert list(checked.suspects) == [LENET.id]
    assert checked.decision.exit_code == 3


def test_of_equal_runs_one_in_ten_is_a_suspect(record, accepted):
    from bench.stats.prediction import predict

    random = np.random.default_rng(7)
    draws = random.normal(0, 0.02, (4000, 9))
    expected = [predict(row[:8]) for row in draws]
    share = np.mean([row[8] - one.mean > one.half for row, one in zip(draws, expected, strict=True)])
    assert share == pytest.approx(0.10, abs=0.015)
    seen = np.mean(
        [row[8] + np.log1p(one.visible) - one.mean > one.half for row, one in zip(draws, expected, strict=True)]
    )
    assert seen > 0.87


def test_a_slowdown_within_the_tolerance_is_told_and_passes(record, accepted):
    found, checked = judged(record({LENET: (1.04, {})}), accepted(spread=0.003))
    assert found["relative_cost"].verdict == "unchanged"
    assert "within the tolerance of 5 %" in found["relative_cost"].reason
    assert checked.decision.exit_code == 0


def test_a_gain_is_told(record, accepted):
    found, _ = judged(record({LENET: (0.7, {})}), accepted())
    assert found["relative_cost"].verdict == "improved"


def test_too_few_stored_runs_are_only_reported_with_how_many_are_missing(record, accepted):
    found, checked = judged(record({LENET: (1.5, {})}), accepted(runs=3))
    assert found["relative_cost"].verdict == "inconclusive"
    assert "accept 2 more" in found["relative_cost"].remedy
    assert checked.suspects == {}
    assert checked.decision.exit_code == 3


def test_a_cell_that_nobody_ever_timed_is_judged_by_the_rest_and_passes(record, accepted):
    """With --blocks 0 a run trains alone: that it has no cost is as it was asked for, there and here."""
    untimed = {"costs": False}
    found, checked = judged(record({LENET: (1.0, untimed)}), accepted(**untimed))
    assert "relative_cost" not in found
    assert found["accuracy"].verdict == "unchanged"
    assert checked.decision.exit_code == 0
    lost, checked = judged(record({LENET: (1.0, untimed)}), accepted())
    assert lost["relative_cost"].verdict == "inconclusive"  # it was timed once
    assert checked.decision.exit_code == 3


def test_stored_runs_that_are_too_unlike_say_what_could_have_been_seen(record, accepted):
    stored = accepted(spread=0.2)
    found, checked = judged(record({LENET: (0.9, {})}), stored)
    assert found["relative_cost"].verdict == "inconclusive"
    assert found["relative_cost"].visible > 0.2
    assert checked.suspects == {}
    _, checked = judged(record({LENET: (1.15, {})}), stored)
    assert list(checked.suspects) == [LENET.id]  # they cannot acquit it either, so it is measured again


def test_another_machine_is_not_comparable_and_the_field_is_named_with_both_values(record, accepted):
    found, checked = judged(record({LENET: (1.0, {"system": {"cpu": "another", "torch": "3.0.0"}})}), accepted())
    assert found["relative_cost"].verdict == "not comparable"
    assert "cpu made up -> another" in found["relative_cost"].reason
    assert "torch 2.14.1 -> 3.0.0" in found["relative_cost"].reason
    assert list(found) == ["relative_cost", "accuracy"]  # what a net learns is no machine's
    assert found["accuracy"].verdict != "not comparable"
    assert checked.decision.exit_code == 4


def test_runs_of_two_machines_in_one_baseline_are_told_apart(record, accepted, tmp_path):
    accepted()
    for _ in range(6):
        slow = record({LENET: (3.0, {"system": {"cpu": "another"}})})
        baseline.save("main", summaries(slow), tmp_path / "baselines")
    stored = baseline.load("main", tmp_path / "baselines")
    found, _ = judged(record({LENET: (1.0, {})}), stored)
    assert found["relative_cost"].verdict == "unchanged"
    assert found["relative_cost"].ratio.n == 8


def test_a_new_a_missing_and_a_failed_cell(record, accepted):
    stored = accepted()
    found = check(record({MLP: (0.0, {})}), stored, CheckRules()).decision
    assert {one.cell: one.verdict for one in found.verdicts} == {MLP.id: "new", LENET.id: "missing"}
    assert found.exit_code == 4

    found = check(record({LENET: (1.0, {"status": "failed"})}), stored, CheckRules()).decision
    (lost,) = found.verdicts
    assert (lost.verdict, found.exit_code) == ("failed", 1)
    assert "made to fail" in lost.reason


def test_only_the_cells_that_were_asked_for_count(record, accepted):
    stored = accepted()
    run = record({LENET: (1.0, {}), MLP: (0.0, {})})
    found = check(run, stored, CheckRules(globs=("lenet5-*",))).decision
    assert {one.cell for one in found.verdicts} == {LENET.id}
    with pytest.raises(BenchError, match="no cell that matches vgg"):
        check(run, stored, CheckRules(globs=("vgg*",)))


def test_a_rise_of_an_exact_count_fails_and_every_change_is_listed(record, accepted):
    counts = {"operators_backward": 63.0, "flops": 1.5e8}
    found, checked = judged(record({LENET: (1.0, {"counts": counts})}), accepted())
    assert found["counts"].verdict == "regressed"
    assert found["counts"].evidence == ("flops 160,000,000 -> 150,000,000", "operators_backward 51 -> 63")
    assert checked.decision.exit_code == 1


def test_a_fall_of_an_exact_count_is_an_improvement(record, accepted):
    found, _ = judged(record({LENET: (1.0, {"counts": {"flops": 1.5e8}})}), accepted())
    assert found["counts"].verdict == "improved"


def test_a_rise_that_the_file_allows_is_listed_and_passes(record, accepted, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[cells."lenet5-*".tolerances]\noperators_backward = "30 %"\n')
    run = record({LENET: (1.0, {"counts": {"operators_backward": 63.0}})})
    found, checked = judged(run, accepted(), tolerances(path))
    assert found["counts"].verdict == "unchanged"
    assert found["counts"].evidence == ("operators_backward 51 -> 63",)
    assert checked.decision.exit_code == 0


def test_accuracy_that_falls_beyond_what_seeds_explain_is_a_suspect_to_be_trained_again(record, accepted):
    stored = accepted()
    found, checked = judged(record({LENET: (1.0, {"accuracy": [0.95, 0.952, 0.951]})}), stored)
    assert (found["accuracy"].verdict, found["accuracy"].suspect) == ("inconclusive", True)
    assert "over 3 seeds, 3 accepted" in found["accuracy"].reason
    assert found["accuracy"].tolerance == pytest.approx(0.001)
    assert [cell.new.id for cell in checked.falls] == [LENET.id]
    assert checked.suspects == {}  # its time is none
    assert checked.decision.exit_code == 3
    found, _ = judged(record({LENET: (1.0, {"accuracy": [0.99, 0.992, 0.991]})}), stored)
    assert found["accuracy"].verdict == "improved"
    found, _ = judged(record({LENET: (1.0, {"accuracy": [0.979, 0.982, 0.982]})}), stored)
    assert found["accuracy"].verdict == "unchanged"


def test_one_seed_cannot_tell_chance_from_change(record, accepted):
    stored = accepted(accuracy=[0.98])
    found, checked = judged(record({LENET: (1.0, {"accuracy": [0.97]})}), stored)
    assert found["accuracy"].verdict == "inconclusive"
    assert "--seeds 0 1 2" in found["accuracy"].remedy
    assert checked.decision.exit_code == 3
    found, _ = judged(record({LENET: (1.0, {"accuracy": [0.98]})}), stored)
    assert found["accuracy"].verdict == "unchanged"


@pytest.mark.parametrize(
    ("options", "epochs", "words"),
    [
        ({"accuracy": [None] * 3}, 0, "did not train"),
        ({}, 5, "after 5 epochs here and 3 in the baseline"),
        ({"limit": 14.0}, 3, "time limit"),
    ],
)
def test_accuracies_of_another_training_are_not_judged_and_that_is_said(record, accepted, options, epochs, words):
    found, checked = judged(record({LENET: (1.0, options)}, epochs=epochs), accepted())
    assert "accuracy" not in found
    assert any(words in note for note in checked.decision.notes)


def test_memory_has_its_own_tolerance(record, accepted):
    stored = accepted()
    found, _ = judged(record({LENET: (1.0, {"memory": 2.15e7})}), stored)
    assert found["peak_memory"].verdict == "unchanged"
    found, checked = judged(record({LENET: (1.0, {"memory": 2.3e7})}), stored)
    assert found["peak_memory"].verdict == "regressed"
    assert checked.decision.exit_code == 1


def test_a_peak_that_an_allocator_counted_is_an_exact_count(record, tmp_path):
    cell = Cell("lenet5", device="cuda:0")
    run = record({cell: (1.0, {"counted": "exact"})})
    baseline.save("main", summaries(run), tmp_path / "baselines")
    stored = baseline.load("main", tmp_path / "baselines")
    found, _ = judged(record({cell: (1.0, {"counted": "exact", "memory": 2e7 + 512})}), stored)
    assert found["counts"].verdict == "regressed"
    assert "peak_memory 20,000,000 -> 20,000,512" in found["counts"].evidence
    assert "peak_memory" not in found


def test_budgets_hold_in_the_metrics_own_direction(record, accepted, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[budgets]\nstep = 0.003\naccuracy = 0.97\ntest_loss = 1.0\n")
    with pytest.raises(BenchError, match="no 'test_loss' in this run that the budget could be held to"):
        judged(record({LENET: (1.0, {})}), accepted(), tolerances(path))
    path.write_text("[budgets]\nstep = 0.003\naccuracy = 0.97\n")
    found, checked = judged(record({LENET: (1.0, {})}), accepted(), tolerances(path))
    assert found["step (budget)"].verdict == "regressed"
    assert found["accuracy (budget)"].verdict == "unchanged"
    assert checked.decision.exit_code == 1
    untrained = record({LENET: (1.0, {"accuracy": [None]}), MLP: (1.0, {})}, epochs=0)
    found = check(untrained, accepted(), CheckRules(allowed=tolerances(path))).decision
    budget = next(one for one in found.verdicts if one.cell == LENET.id and one.label == "accuracy (budget)")
    assert budget.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("metric", "value", "limit", "verdict"),
    [
        ("train_accuracy", 0.99, 0.97, "unchanged"),
        ("train_accuracy", 0.96, 0.97, "regressed"),
        ("reached", 0.8, 1.0, "regressed"),
        ("inference_throughput", 900.0, 1000.0, "regressed"),
        ("test_loss", 0.2, 0.1, "regressed"),
        ("test_loss", 0.1, 0.2, "unchanged"),
    ],
)
def test_a_budget_follows_the_direction_of_its_metric(held, metric, value, limit, verdict):
    unit, direction = ("1/s" if "throughput" in metric else "1"), ("lower" if metric == "test_loss" else "higher")
    found = held(f"[budgets]\n{metric} = {limit}\n", Measurement(metric, unit, direction, value, "final"))
    budget = found[f"{metric} (budget)"]
    assert (budget.metric, budget.limit) == (metric, True)
    assert (budget.verdict, budget.direction, budget.unit) == (verdict, direction, unit)
    assert ("at most" if metric == "test_loss" else "at least") in budget.reason


def test_a_budget_for_a_target_that_was_not_reached_is_inconclusive(held):
    found = held("[budgets]\ntime_to_accuracy = 9.0\n", Measurement("reached", "1", "higher", 0.0, "share"))
    assert found["time_to_accuracy (budget)"].verdict == "inconclusive"


def test_a_tolerance_that_no_gate_reads_is_refused(held):
    with pytest.raises(BenchError, match=r"mine\.toml: tolerances\.step: nothing judges this metric"):
        held("[tolerances]\nstep = 0.01\n")


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        ("accuracy", {"accuracy": [None] * 3}),
        ("peak_memory", {"memory": None}),
        ("relative_cost", {"costs": False}),
        ("operators_fetch", {}),
    ],
)
def test_a_tolerance_on_what_neither_the_run_nor_the_baseline_has_is_refused(
    record, accepted, tmp_path, metric, options
):
    run, stored, path = record({LENET: (1.0, options)}), accepted(**options), tmp_path / "mine.toml"
    for form in ("[tolerances]", '[cells."lenet5-*".tolerances]'):
        path.write_text(f"{form}\n{metric} = 0.1\n")
        with pytest.raises(
            BenchError, match=rf"mine\.toml.*: there is no '{metric}' in this run or the baseline .*only"
        ):
            judged(run, stored, tolerances(path))
    if options:
        judged(record({LENET: (1.0, {})}), stored, tolerances(path))  # this run has it, which is enough


def test_a_tolerance_for_cells_that_did_not_train_is_refused_though_others_did(record, accepted, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[cells."mlp-*".tolerances]\naccuracy = 0.1\n')
    run = record({LENET: (1.0, {}), MLP: (1.0, {"accuracy": [None]})})
    with pytest.raises(BenchError, match=r'\[cells\."mlp-\*"\]: there is no \'accuracy\''):
        judged(run, accepted(), tolerances(path))


def test_accuracies_that_the_baseline_lacks_are_not_judged_and_that_is_said(record, accepted):
    found, checked = judged(record({LENET: (1.0, {})}), accepted(accuracy=[None] * 3))
    assert "accuracy" not in found
    assert "accuracy is not judged, since the baseline has none: lenet5" in " ".join(checked.decision.notes)


def test_a_run_that_is_in_the_baseline_is_compared_with_the_others(record, accepted, tmp_path):
    accepted()
    run = record({LENET: (1.3, {})}, name="mine")
    baseline.save("main", summaries(run), tmp_path / "baselines")
    found, checked = judged(run, baseline.load("main", tmp_path / "baselines"))
    assert found["relative_cost"].ratio.n == 8
    assert "compared with the others" in checked.decision.notes[0]


def test_a_run_that_alone_is_in_the_baseline_is_compared_with_itself(record, tmp_path):
    run = record({LENET: (1.0, {})}, revision="")
    baseline.save("main", summaries(run), tmp_path / "baselines")
    _, checked = judged(run, baseline.load("main", tmp_path / "baselines"))
    assert (checked.decision.before, checked.decision.after) == ("baseline main (1 run)", "run run0")
    assert checked.decision.notes == ("this very run is in the baseline: it is compared with itself",)


def test_a_baseline_without_these_cells_is_empty(record, accepted):
    with pytest.raises(BenchError, match="is empty for these cells"):
        check(record({MLP: (1.0, {})}), accepted(), CheckRules(globs=("mlp-*",)))
