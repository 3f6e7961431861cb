"""Verdicts: each way a comparison can end, from raw log ratios to the verdict, its reason and the exit code."""

import numpy as np
import pytest

from bench.compare.records import CountsRecord, FailureRecord
from bench.compare.verdicts import decide, percent
from bench.verdict.verdict import Verdict

ONE = ("lenet5",)


def only(decision):
    [verdict] = decision.verdicts
    return verdict


def test_equal_builds_pass(told):
    decision = decide(told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE))
    verdict = only(decision)
    assert (verdict.verdict, decision.overall, decision.exit_code) == ("unchanged", "pass", 0)
    assert verdict.ratio.value == pytest.approx(1.0)
    assert verdict.ratio.n == 6
    assert verdict.confidence == pytest.approx(0.996)
    assert verdict.before == pytest.approx(0.004)
    assert "below the tolerance of 5 %" in verdict.reason
    assert verdict.evidence == ()
    assert 0 < verdict.visible < 0.05
    assert (decision.seconds, decision.command) == (42.0, told.facts().command)


def test_a_loss_within_the_tolerance_passes_and_is_told(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(0.02, 6, 0.004)}, cells=ONE)))
    assert verdict.verdict == "unchanged"
    assert verdict.reason == "slower by 2 %, within the tolerance of 5 %"


def test_a_gain_is_an_improvement(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(-0.1, 6)}, cells=ONE)))
    assert verdict.verdict == "improved"
    assert verdict.reason.startswith("faster by 10 %")


def test_two_runs_that_fail_are_a_regression_with_its_evidence(told):
    log = told.log({("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(0.1, 6)}, cells=ONE)
    before, after = {"operators_backward": 51.0, "flops": 1e6}, {"operators_backward": 63.0, "flops": 1e6}
    log.note(CountsRecord("lenet5", before, after))
    decision = decide(log)
    verdict = only(decision)
    assert (verdict.verdict, decision.exit_code) == ("regressed", 1)
    assert verdict.ratio.value == pytest.approx(1.1)  # of the second run: the first was chosen for being large
    assert verdict.reason.startswith("slower by 10 % (")
    assert verdict.evidence[0] == "operators_backward 51 -> 63"
    assert verdict.evidence[1].startswith("backward 2.00 ms -> 2.4")
    assert len(verdict.evidence) == 2


@pytest.mark.parametrize("second", [0.0, 0.02])
def test_a_loss_that_a_second_run_does_not_confirm_is_inconclusive(told, second):
    runs = {("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(second, 6)}
    decision = decide(told.log(runs, cells=ONE))
    assert (only(decision).verdict, decision.exit_code) == ("inconclusive", 3)
    assert "does not confirm" in only(decision).reason


def test_a_loss_that_was_not_measured_again_is_inconclusive(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(0.12, 6)}, cells=ONE, ended="out of time")))
    assert verdict.verdict == "inconclusive"
    assert "the budget was spent before a second" in verdict.reason
    assert "--budget" in verdict.remedy


def test_a_contended_loss_is_inconclusive(told):
    runs = {("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(0.12, 6)}
    decision = decide(told.log(runs, cells=ONE, before=[0.004, 0.005, 0.005]))
    assert (only(decision).verdict, decision.exit_code) == ("inconclusive", 3)
    assert "ran 25 % slower than at its best" in only(decision).reason
    assert any(note.startswith("contended: ") for note in decision.notes)


def test_one_slow_pair_is_no_contention(told):
    runs = {("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(0.12, 6)}
    decision = decide(told.log(runs, cells=ONE, before=[0.004, 0.008, 0.004]))
    assert only(decision).verdict == "regressed"
    assert decision.notes == ()


def test_at_the_cap_the_smallest_visible_change_is_told(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(0.03, 30, 0.08)}, cells=ONE)))
    assert verdict.verdict == "inconclusive"
    assert verdict.ratio.n == 30
    assert f"a slowdown of {percent(verdict.visible)} would have been seen" in verdict.reason
    assert f"--tolerance {int(np.ceil(verdict.visible * 100))}%" in verdict.remedy


@pytest.mark.parametrize(
    ("count", "reason"), [(8, "interrupted"), (4, "interrupted before the 6 pairs"), (0, "before")]
)
def test_an_end_before_the_gate_has_decided_is_inconclusive(told, count, reason):
    decision = decide(told.log({("lenet5", 1): told.log_ratios(0.03, count, 0.08)}, cells=ONE, ended="interrupted"))
    assert only(decision).verdict == "inconclusive"
    assert reason in only(decision).reason
    assert decision.interrupted == "interrupted"


@pytest.mark.parametrize(
    ("failed", "verdict", "code"),
    [
        ({"after": "ValueError: no"}, "failed", 1),
        ({"before": "ValueError: no"}, "not comparable", 4),
        ({"before": "ValueError: no", "after": "ValueError: no"}, "not comparable", 4),
    ],
)
def test_a_side_that_fails(told, failed, verdict, code):
    log = told.log({("lenet5", 1): told.log_ratios(0.0, 3)}, cells=ONE)
    for side, reason in failed.items():
        log.note(FailureRecord("lenet5", side, reason))
    decision = decide(log)
    assert (only(decision).verdict, decision.exit_code) == (verdict, code)
    assert "ValueError: no" in only(decision).reason


def test_a_small_loss_that_all_cells_share_is_found_by_their_mean(told):
    cells = tuple("abcdefghi")
    runs = {(name, run): told.log_ratios(0.03, 9, 0.03) for name in cells for run in (1, 2)}
    decision = decide(told.log(runs, cells=cells))
    *each, common = decision.verdicts
    assert {one.verdict for one in each} == {"inconclusive"}
    assert common.cell == "geometric mean of 9 cells"
    assert common.verdict == "regressed"
    assert common.tolerance == pytest.approx(0.0164, abs=1e-4)
    assert decision.exit_code == 1


def test_the_mean_alone_fails_none_without_a_second_run(told):
    cells = tuple("abcdefghi")
    runs = {(name, 1): told.log_ratios(0.03, 9, 0.03) for name in cells}
    assert decide(told.log(runs, cells=cells)).exit_code == 3


def test_cells_of_one_side_are_told(told):
    unmatched = (
        Verdict(cell="resnet8", metric="step", verdict="new", reason="only in b"),
        Verdict(cell="vgg4", metric="step", verdict="missing", reason="only in a"),
    )
    decision = decide(told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE, unmatched=unmatched))
    assert [one.verdict for one in decision.verdicts] == ["unchanged", "new", "missing"]
    assert decision.exit_code == 4


def test_a_chance_loss_among_very_many_cells_does_not_stand(told):
    """A p-value near alpha in both runs is 1e-4 together, too much among a thousand cells."""
    weak = told.log_ratios(0.05, 6, 0.0245)
    cells = ("weak", *map(str, range(999)))
    runs = {("weak", 1): weak, ("weak", 2): weak, **{(name, 1): told.log_ratios(0.0, 6) for name in cells[1:]}}
    alone = decide(told.log({("weak", 1): weak, ("weak", 2): weak}, cells=("weak",)))
    assert only(alone).verdict == "regressed"
    among = decide(told.log(runs, cells=cells)).verdicts[0]
    assert (among.cell, among.verdict) == ("weak", "inconclusive")
    assert "may be chance" in among.reason
