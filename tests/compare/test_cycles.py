"""A difference in seconds that is none in cycles of the GPU's clock is the clock's, and decides nothing."""

import math

import pytest

from bench.compare.log import ComparisonLog
from bench.compare.records import EndRecord, from_line, to_line
from bench.compare.verdicts import LOCK, decide

CLOCK = 1.9e9
ONE = ("lenet5",)


def logged(told, runs, slower, *, cells=ONE, **more):
    """A log of pairs whose second side ran at a clock that was slower by that share."""
    log = ComparisonLog(None, told.facts(*cells))
    for (cell, run), ratios in runs.items():
        for ratio in ratios:
            clocks = None if slower is None else (CLOCK, CLOCK / (1 + slower))
            log.note(told.pair(ratio, cell=cell, run=run, clocks=clocks, **more))
    log.note(EndRecord("", 42.0))
    return log


def twice(told, change, cell="lenet5"):
    return {(cell, run): told.log_ratios(change, 6) for run in (1, 2)}


def only(decision):
    [verdict] = decision.verdicts
    return verdict


@pytest.mark.parametrize("slower", [None, 0.0, 0.02])
def test_a_slowdown_that_is_one_in_cycles_too_is_a_regression(told, slower):
    decision = decide(logged(told, twice(told, 0.12), slower))
    assert (only(decision).verdict, decision.exit_code) == ("regressed", 1)


@pytest.mark.parametrize("slower", [0.12, 0.2])
def test_a_slowdown_that_the_clock_made_is_none(told, slower):
    decision = decide(logged(told, twice(told, 0.12), slower))
    verdict = only(decision)

    assert (verdict.verdict, decision.overall) == ("inconclusive", "inconclusive")
    assert verdict.ratio.value == pytest.approx(1.12)
    assert "in a second, independent run too, but " in verdict.reason
    assert verdict.reason.endswith("% in cycles of the GPU's clock")
    assert verdict.remedy == LOCK


@pytest.mark.parametrize(("faster", "expected"), [(0.0, "improved"), (0.15, "inconclusive"), (None, "improved")])
def test_a_gain_has_to_be_one_of_cycles_too(told, faster, expected):
    slower = None if faster is None else 1 / (1 + faster) - 1
    verdict = only(decide(logged(told, {("lenet5", 1): told.log_ratios(-0.1, 6)}, slower)))

    assert verdict.verdict == expected
    assert ("in cycles of the GPU's clock" in verdict.reason) == (expected == "inconclusive")


def test_a_pass_needs_no_cycles(told):
    assert only(decide(logged(told, {("lenet5", 1): told.log_ratios(0.0, 6)}, 0.1))).verdict == "unchanged"


def test_a_clock_that_one_pair_does_not_know_is_not_known(told):
    log = logged(told, twice(told, 0.12), 0.12)
    cell_log = log.cell_logs["lenet5"]
    assert len(cell_log.cycle_log_ratios(2)) == 6
    log.note(told.pair(0.12, cell="lenet5", run=2))
    assert cell_log.cycle_log_ratios(2) == []
    assert only(decide(log)).verdict == "regressed"


def test_the_mean_over_cells_holds_in_cycles_or_tells_nothing(told):
    cells = ("lenet5", "mlp")
    runs = {(cell, run): told.log_ratios(0.045, 6, 0.004) for cell in cells for run in (1, 2)}
    same, clocked = (decide(logged(told, runs, slower, cells=cells)).verdicts[-1] for slower in (0.0, 0.045))

    assert (same.cell, same.verdict) == ("geometric mean of 2 cells", "regressed")
    assert (clocked.cell, clocked.verdict, clocked.remedy) == ("geometric mean of 2 cells", "inconclusive", LOCK)


def test_cycles_are_seconds_times_the_clock(told):
    pair = told.pair(math.log(1.2), clocks=(2e9, 1e9))
    assert pair.log_ratio_of_cycles == pytest.approx(math.log(0.6))
    assert told.pair(0.1).log_ratio_of_cycles is None


def test_clocks_are_kept_in_the_log_and_an_older_one_has_none(told):
    pair = told.pair(0.1, clocks=(2e9, 1.9e9), dropped=3)
    stored = to_line(pair)
    older = {name: value for name, value in stored.items() if name not in ("clocks", "dropped")}

    assert from_line(stored) == pair
    assert (from_line(older).clocks, from_line(older).dropped) == (None, 0)


def test_blocks_that_were_dropped_are_counted_in_a_note(told):
    runs = {("lenet5", 1): told.log_ratios(0.0, 6)}
    (note,) = decide(logged(told, runs, 0.0, dropped=2)).notes

    assert note == "throttled, dropped and measured again: lenet5 (12 blocks)"
    assert decide(logged(told, runs, 0.0)).notes == ()
