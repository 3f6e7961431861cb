"""Verdicts: each way a comparison can end, from raw log ratios to the verdict, its reason and the exit code."""

import numpy as np
import pytest

from bench.compare.contention import contention_of
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.records import CountsRecord, FailureRecord, MemoryRecord
from bench.compare.verdicts import decide, percent
from bench.verdict.markdown import markdown
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
    assert verdict.confidence == pytest.approx(0.99)  # Bonferroni over five looks: what is guaranteed
    assert verdict.before == pytest.approx(0.004)
    assert "below the tolerance of 5 %" in verdict.reason
    assert verdict.evidence == ()
    assert verdict.visible == 0.05  # less may pass, and soon does on a quiet machine
    assert (decision.seconds, decision.command) == (42.0, told.facts().command)


def test_a_loss_within_the_tolerance_passes_and_is_told(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(0.02, 6, 0.004)}, cells=ONE)))
    assert verdict.verdict == "unchanged"
    assert verdict.reason == "slower by 2 %, within the tolerance of 5 %"
    assert verdict.evidence == ()  # its phases moved too, which is no news where nothing was lost or gained


def test_a_mean_that_was_not_measured_again_names_no_cell_where_none_regressed(told):
    runs = {(name, 1): told.log_ratios(0.12, 6) for name in ("lenet5", "mlp")}
    mean = decide(told.log(runs, ended="out of time")).verdicts[-1]
    assert (mean.cell, mean.verdict) == ("geometric mean of 2 cells", "inconclusive")
    assert mean.reason.endswith("the budget was spent before a second, independent one could tell")


@pytest.mark.parametrize(("count", "last"), [(10, "contended: net09: "), (12, "contended: 2 more cells")])
def test_of_many_contended_cells_ten_are_named(told, count, last):
    names = [f"net{at:02}" for at in range(count)]
    runs = {(name, 1): told.log_ratios(0.0, 6) for name in names}
    notes = decide(told.log(runs, cells=names, before=[0.004, 0.005, 0.005])).notes
    assert len(notes) == min(count, 11)
    assert notes[-1].startswith(last)


def test_a_gain_is_an_improvement(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(-0.1, 6)}, cells=ONE)))
    assert verdict.verdict == "improved"
    assert verdict.reason.startswith("faster by 10 %")
    assert verdict.reason.endswith("by one run")


def test_two_runs_that_fail_are_a_regression_with_its_evidence(told):
    log = told.log({("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(0.1, 6)}, cells=ONE)
    before, after = {"operators_backward": 51.0, "flops": 1e6}, {"operators_backward": 63.0, "flops": 1e6}
    log.note(CountsRecord("lenet5", before, after))
    decision = decide(log)
    verdict, counts = decision.verdicts
    assert (counts.metric, counts.reason) == ("counts", "risen: operators_backward 51 -> 63")
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


@pytest.mark.parametrize(
    ("slowdown", "code", "words"),
    [
        (0.12, 3, "ran 25 % slower than at its best"),
        (0.25, 3, "ran 25 % slower than at its best"),  # as much as they may have done
        (1.0, 1, "in a second, independent run too"),  # twice as long is no work of such neighbours
        (0.0, 3, "ran 25 % slower than at its best"),  # what passes may be slower without them
        (-0.1, 3, "ran 25 % slower than at its best"),
        (-0.5, 0, "faster by 50 %"),
    ],
)
def test_contention_is_weighed_against_what_was_found(told, slowdown, code, words):
    runs = {("lenet5", run): told.log_ratios(slowdown, 6) for run in ((1, 2) if slowdown > 0 else (1,))}
    decision = decide(told.log(runs, cells=ONE, before=[0.004, 0.005, 0.005]))
    assert decision.exit_code == code
    assert words in only(decision).reason
    assert any(note.startswith("contended: ") for note in decision.notes)


def test_a_doubled_step_is_a_regression_however_the_reference_wanders(told):
    """The more pairs there are, the further apart the fastest and the typical one: no reason to doubt."""
    codes = []
    for seed in range(40):
        times = list(0.004 * np.exp(np.random.default_rng(seed).normal(0, 0.1, 30)))
        runs = {("lenet5", run): told.log_ratios(1.0, 6) for run in (1, 2)}
        codes.append(decide(told.log(runs, cells=ONE, before=times)).exit_code)
    assert set(codes) == {1}


@pytest.mark.parametrize("count", [6, 13, 30])
def test_how_often_contention_is_marked_does_not_grow_with_the_pairs(told, count):
    draw, marked = np.random.default_rng(count), 0
    for _ in range(200):
        pairs = [told.pair(0.0, float(before), cell="lenet5") for before in 0.004 * np.exp(draw.normal(0, 0.08, count))]
        marked += contention_of(pairs).marked
    assert marked <= 40


@pytest.mark.parametrize(
    ("busy", "slowdown", "code"), [(0.99, 0.0, 0), (0.5, 0.0, 3), (None, 0.0, 0), (0.5, 0.1, 3), (0.5, 1.0, 1)]
)
def test_a_neighbour_that_stays_throughout_is_seen_by_the_cpu_time(told, busy, slowdown, code):
    """No pair is slower than another then."""
    log = told.log({}, cells=ONE)
    for run in (1, 2) if slowdown else (1,):
        for log_ratio in told.log_ratios(slowdown, 6):
            log.note(told.pair(log_ratio, cell="lenet5", run=run, busy=busy))
    decision = decide(log)
    assert decision.exit_code == code
    assert any("had 50 % of their core" in note for note in decision.notes) == (busy == 0.5)


@pytest.mark.parametrize("slow", [0.005, 0.008, 0.02])
def test_a_doubled_step_is_a_regression_whatever_the_neighbours_do(told, slow):
    runs = {("lenet5", run): told.log_ratios(1.0, 6) for run in (1, 2)}
    assert decide(told.log(runs, cells=ONE, before=[0.004, slow, slow])).exit_code == 1


def test_many_contended_cells_are_a_few_notes(told):
    """A comment of a pull request has an end."""
    cells = tuple(f"net{at}" for at in range(100))
    log = told.log({}, cells=cells)
    for cell in cells:
        for log_ratio in told.log_ratios(0.0, 6):
            log.note(told.pair(log_ratio, cell=cell, busy=0.5))
    notes = decide(log).notes
    assert len(notes) == 11
    assert notes[-1] == "contended: 90 more cells"


def test_one_slow_pair_is_no_contention(told):
    runs = {("lenet5", 1): told.log_ratios(0.12, 6), ("lenet5", 2): told.log_ratios(0.12, 6)}
    decision = decide(told.log(runs, cells=ONE, before=[0.004, 0.008, 0.004]))
    assert only(decision).verdict == "regressed"
    assert decision.notes == ()


def test_at_the_cap_the_smallest_visible_change_is_told(told):
    verdict = only(decide(told.log({("lenet5", 1): told.log_ratios(0.03, 30, 0.08)}, cells=ONE)))
    assert verdict.verdict == "inconclusive"
    assert verdict.ratio.n == 30
    assert f"a slowdown of {percent(verdict.visible)} is found nine times in ten" in verdict.reason
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


def loss_of_all(*runs, slowdown=0.02, count=20):
    """So many cells, too noisy each to tell a small loss that they all have."""
    draw = np.random.default_rng(1)
    return {
        (f"net{at}", run): list(np.log1p(slowdown) + draw.normal(0, 0.025, 9)) for at in range(count) for run in runs
    }


def test_a_step_that_fails_under_another_interpreter_is_no_loss_of_the_code(told):
    sides = (SideFacts("A: Python 3.11", installed={"torch": "2.4"}), SideFacts("B", installed={"torch": "2.5"}))
    log = ComparisonLog(None, told.facts("mlp", before=sides[0], after=sides[1]))
    log.note(FailureRecord("mlp", "after", "RuntimeError: no"))
    decision = decide(log)
    assert (decision.verdicts[0].verdict, decision.exit_code) == ("not comparable", 4)
    assert decision.versions == {"torch": ("2.4", "2.5")}


def test_a_small_loss_that_all_cells_share_is_found_by_their_mean(told):
    runs = loss_of_all(1, 2)
    decision = decide(told.log(runs, cells=tuple(dict.fromkeys(name for name, _ in runs))))
    *each, common = decision.verdicts
    assert "regressed" not in {one.verdict for one in each}
    assert common.cell == "geometric mean of 20 cells"
    assert common.verdict == "regressed"
    assert common.confidence == pytest.approx(0.996)
    assert common.tolerance == pytest.approx(0.011, abs=1e-4)
    assert common.ratio.n == 6
    assert decision.exit_code == 1


def test_the_mean_alone_fails_none_without_a_second_run(told):
    runs = loss_of_all(1)
    assert decide(told.log(runs, cells=tuple(dict.fromkeys(name for name, _ in runs)))).exit_code == 3


def test_a_mean_that_tells_nothing_does_not_spoil_cells_that_all_pass(told):
    """Rounds that wander together blur the mean; each cell has gone on until it was sure of its own."""
    shared = [0.03, -0.03, 0.02, -0.02, 0.03, -0.03, *([0.0] * 14)]
    decision = decide(told.log({(name, 1): shared for name in ("a", "b")}, cells=("a", "b")))
    *each, common = decision.verdicts
    assert {one.verdict for one in each} == {"unchanged"}
    assert common.verdict == "unchanged"
    assert "each cell by itself is within the tolerance of 5 %" in common.reason
    assert decision.exit_code == 0


def test_cells_of_one_side_are_told(told):
    unmatched = (
        Verdict(cell="resnet8", metric="step", verdict="new", reason="only in b"),
        Verdict(cell="vgg4", metric="step", verdict="missing", reason="only in a"),
    )
    decision = decide(told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE, unmatched=unmatched))
    assert [one.verdict for one in decision.verdicts] == ["unchanged", "new", "missing"]
    assert decision.exit_code == 4


@pytest.mark.parametrize("second", [0.1, 0.0])
def test_times_ratio_and_interval_of_a_row_are_of_one_run(told, second):
    """Divided by hand, the times give the ratio that stands beside them, whatever the other run had."""
    log = told.log({}, cells=ONE)
    for run, slowdown, before in ((1, 0.3, 0.004), (2, second, 0.006)):
        for log_ratio in told.log_ratios(slowdown, 6):
            log.note(told.pair(log_ratio, before, cell="lenet5", run=run))
    verdict = only(decide(log))
    assert verdict.after / verdict.before == pytest.approx(verdict.ratio.value)
    assert verdict.before == pytest.approx(0.006 if second else 0.004)


@pytest.mark.parametrize("busy", [0.5, 1.0])
def test_more_time_is_no_advice_beside_other_work(told, busy):
    log = told.log({}, cells=ONE, ended="out of time")
    for log_ratio in told.log_ratios(0.03, 8, 0.08):
        log.note(told.pair(log_ratio, cell="lenet5", busy=busy))
    remedy = only(decide(log)).remedy
    assert ("--budget" in remedy) == (busy == 1.0)
    assert ("doctor" in remedy) == (busy == 0.5)


def counted(told, before, after, memory=()):
    log = told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE)
    log.note(CountsRecord("lenet5", before, after))
    for peaks in memory:
        log.note(MemoryRecord("lenet5", *peaks))
    return log


def test_counts_that_rise_are_told_though_the_time_passes_and_fail_on_request(told):
    log = counted(told, {"operators_forward": 14.0, "flops": 8.0}, {"operators_forward": 15.0, "flops": 4.0})
    step, counts = decide(log).verdicts
    assert (step.verdict, counts.metric, counts.verdict) == ("unchanged", "counts", "changed")
    assert counts.reason == "risen: operators_forward 14 -> 15"
    assert decide(log).exit_code == 0
    assert "operators\\_forward 14 -\\> 15" in markdown(decide(log))
    assert markdown(decide(log)).startswith("### No slowdown: ")
    assert decide(log, same_costs=True).exit_code == 1


def test_counts_that_fall_or_that_one_side_lacks_are_no_rise(told):
    log = counted(told, {"operators_forward": 14.0, "flops": 8.0}, {"operators_forward": 13.0, "bytes_moved": 3.0})
    _, counts = decide(log, same_costs=True).verdicts
    assert counts.verdict == "unchanged"
    assert counts.reason.startswith("none has risen: operators_forward 14 -> 13")


@pytest.mark.parametrize(
    ("peaks", "verdict"),
    [
        ([(18e6, 45e6)], "changed"),
        ([(18e6, 45e6), (18e6, 18e6)], "unchanged"),  # one process took more for once
        ([(18e6, 18.5e6)], "unchanged"),
        ([(0.9e6, 1.8e6)], "unchanged"),  # below a MiB pages and arenas come and go
        ([(45e6, 18e6)], "improved"),
    ],
)
def test_a_risen_peak_of_memory_is_told_and_fails_on_request(told, peaks, verdict):
    log = counted(told, {"flops": 1.0}, {"flops": 1.0}, peaks)
    step, memory = decide(log).verdicts
    assert (step.verdict, memory.metric, memory.verdict) == ("unchanged", "peak_memory", verdict)
    assert memory.ratio.n == len(peaks)
    assert decide(log).exit_code == 0
    assert memory.remedy == ""
    decision = decide(log, same_costs=True)
    assert decision.exit_code == (1 if verdict == "changed" else 0)
    assert bool(decision.verdicts[1].remedy) == (verdict == "changed")


def test_the_log_remembers_that_costs_were_to_be_the_same(told):
    log = told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE, same_costs=True)
    log.note(CountsRecord("lenet5", {"flops": 1.0}, {"flops": 2.0}))
    assert decide(log).exit_code == 1
