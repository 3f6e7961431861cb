"""The looks that decide a comparison: which run counts, which cells stand in the mean, and what neighbours did."""

import numpy as np
import pytest

from bench.compare.outcome import Outcome, common, looked, outcomes_of
from bench.compare.records import FailureRecord
from bench.stats.geometric_mean import geometric_mean
from bench.stats.sequential_test import look

SLOW, CALM = [0.1] * 5 + [0.11], [0.002, -0.004, 0.006, 0.0, 0.004, -0.002]
NEITHER = [0.2, -0.2, 0.1, -0.1, 0.15, -0.15]


def test_of_a_loss_the_second_run_is_shown_and_else_the_first():
    slow, calm = look(SLOW), look(CALM)
    lost = Outcome(slow, look([0.2] * 5 + [0.21]))
    assert (lost.lost, lost.shown) == (True, lost.second)
    for outcome in (Outcome(slow, calm), Outcome(slow, None), Outcome(calm, slow), Outcome(None, slow)):
        assert (outcome.lost, outcome.shown) == (False, outcome.first)


def test_a_cell_has_a_look_for_each_of_its_runs(told):
    log = told.log({("mlp", 1): SLOW, ("mlp", 2): CALM, ("lenet5", 1): CALM[:5]})
    cells, together = outcomes_of(log)
    assert (cells["mlp"].first.outcome, cells["mlp"].second.outcome) == ("fail", "pass")
    assert cells["mlp"].first.mean == pytest.approx(np.mean(SLOW))
    assert cells["mlp"].second.mean == pytest.approx(np.mean(CALM))
    assert cells["lenet5"] == Outcome(None, None)  # five pairs are too few for a look
    assert together is None


def test_a_run_that_ended_undecided_has_its_last_look(told):
    cells, _ = outcomes_of(told.log({("mlp", 1): [*NEITHER, 0.1]}, cells=["mlp"]))
    assert (cells["mlp"].first.outcome, cells["mlp"].first.n) == ("inconclusive", 7)


def test_one_that_goes_on_has_none_before_the_next_look(told):
    log = told.log({("mlp", 1): [*NEITHER, 0.1]}, cells=["mlp"])
    latest = looked(log.cell_logs["mlp"], 1, 0.05)
    assert (latest.outcome, latest.n) == ("continue", 6)


def test_the_mean_is_over_the_cells_that_both_sides_can_run(told):
    log = told.log({("mlp", 1): SLOW, ("lenet5", 1): CALM, ("vgg4", 1): NEITHER}, cells=("mlp", "lenet5", "vgg4"))
    _, together = outcomes_of(log)
    assert together.first == geometric_mean([CALM, SLOW, NEITHER], starts=[0] * 6)
    assert together.second is None
    log.note(FailureRecord("vgg4", "after", "it crashed"))
    _, together = outcomes_of(log)
    assert together.first == geometric_mean([CALM, SLOW], starts=[0] * 6)
    log.note(FailureRecord("mlp", "before", "it crashed"))
    assert outcomes_of(log)[1] is None


@pytest.mark.parametrize(("pairs", "known"), [(5, False), (6, True), (7, True)])
def test_the_mean_takes_six_pairs_of_every_cell(told, pairs, known):
    log = told.log({("mlp", 1): (CALM * 2)[:pairs], ("lenet5", 1): CALM * 2})
    assert (common(log.cell_logs.values(), 1, 0.05) is not None) == known
    assert common(log.cell_logs.values(), 2, 0.05) is None


def test_what_neighbours_did_to_all_is_the_mean_of_what_they_did_to_each(told):
    log = told.log({("mlp", 1): CALM, ("lenet5", 1): []})
    for log_ratio, before in zip(CALM, (0.004, 0.005, 0.005) * 2, strict=True):
        log.note(told.pair(log_ratio, before, "lenet5"))
    cells, together = outcomes_of(log)
    assert cells["mlp"] == Outcome(cells["mlp"].first, None, 0.0, "")
    assert cells["lenet5"].doubt > 0
    assert cells["lenet5"].disturbed.startswith("the reference itself ran")
    assert together.doubt == pytest.approx(cells["lenet5"].doubt / 2)
    assert together.disturbed == "1 cell ran contended"
    quiet = outcomes_of(told.log({("mlp", 1): CALM, ("lenet5", 1): CALM}))[1]
    assert (quiet.doubt, quiet.disturbed) == (0.0, "")
