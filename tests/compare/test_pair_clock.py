"""Pair clock: what a comparison is about to do, and how long it goes on."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare import pair_clock
from bench.compare.log import ComparisonLog
from bench.compare.pair_clock import PairClock
from bench.compare.pairs import Pair
from bench.compare.records import FailureRecord
from bench.compare.sequential import record_of
from bench.plan.cell import Cell
from bench.stats.sequential_test import LOOKS, look

SECONDS = {"sameness": 4.0, "counts": 2.0, "servers": 5.0, "pair": 9.0}


@pytest.fixture
def clock(monkeypatch, told):
    """Builds a clock of a comparison of so many cells by a time of its own, which `pass_by` moves on."""
    now = SimpleNamespace(at=0.0)
    monkeypatch.setattr(pair_clock, "time", SimpleNamespace(monotonic=lambda: now.at))

    def build(cells, budget=None, tolerance=0.05):
        log = ComparisonLog(None, told.facts(*(f"net{number}" for number in range(cells)), tolerance=tolerance))
        heard = []
        due = Counter({"sameness": cells, "counts": cells})
        return SimpleNamespace(clock=PairClock(log, due, budget, heard.append, 0.0), log=log, heard=heard, now=now)

    return build


def paired(log_ratio):
    steps = np.full((2, 4), 0.004)
    return Pair(steps, steps * np.exp(log_ratio), {}, 0)


def play(one, ratios):
    """Everything that a comparison does whose cells have these log ratios, in order; where it stood, and when."""
    moments = []

    def passes(stage, cell=""):
        one.clock.begin(stage, cell)
        moments.append((one.now.at, one.heard[-1]))
        one.now.at += SECONDS[stage]

    cells = list(one.log.cell_logs)
    for stage in ("sameness", "counts"):
        for cell in cells:
            passes(stage, cell)
    for number, every in enumerate(ratios):
        if number:
            passes("servers")
        for cell, ratio in zip(cells, every, strict=True):
            passes("pair", cell)
            one.log.note(record_of(paired(ratio), (1, 1), cell=cell, run=1, started=0.0))
            logs = one.log.cell_logs[cell].log_ratios(1)
            one.clock.made(cell, 1, look(logs) if len(logs) in LOOKS else None)
    return moments


def test_the_time_left_of_equal_sides_is_right_within_a_fifth_from_the_tenth_on(clock):
    one = clock(3)
    moments = play(one, np.random.default_rng(0).normal(0, 0.005, (LOOKS[0], 3)))
    end = one.now.at
    late = [(progress.left, end - at) for at, progress in moments if at >= end / 10]
    assert len(late) > 20
    assert max(abs(left - true) / true for left, true in late) < 0.2
    assert (one.heard[-1].share, one.heard[-1].left) == (1.0, 0.0)
    shares = [progress.share for progress in one.heard]
    assert shares == sorted(shares)


def test_a_cell_that_is_slower_has_a_second_run_to_come(clock):
    one = clock(1)
    play(one, [[0.2]] * (LOOKS[0] - 1))
    assert one.heard[-1].left >= (1 + LOOKS[0]) * SECONDS["pair"]
    play_on = one.heard[-1]
    assert (play_on.pairs, play_on.run, play_on.over) == (LOOKS[0] - 1, 1, True)
    assert play_on.log_ratio == pytest.approx(0.2)


def test_a_cell_that_cannot_be_measured_is_waited_for_no_more(clock):
    one = clock(2)
    one.clock.begin("pair", next(iter(one.log.cell_logs)))
    before = one.heard[-1].left
    one.log.note(FailureRecord(list(one.log.cell_logs)[1], "after", "gone"))
    one.clock.begin("servers")
    assert one.heard[-1].left < before


def test_a_budget_ends_it(clock):
    one = clock(2, budget=30.0)
    one.now.at = 10.0
    one.clock.begin("counts", next(iter(one.log.cell_logs)))
    assert one.heard[-1].left == 20.0
    assert one.heard[-1].share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("cells", "short"),
    [
        ({"a": Cell("mlp", optimizer="adam"), "b": Cell("lenet5", optimizer="adam")}, {"a": "mlp", "b": "lenet5"}),
        ({"before:x": Cell("mlp"), "after:y": Cell("mlp")}, {"before:x": "before:x", "after:y": "after:y"}),
    ],
)
def test_cells_have_their_short_names_where_those_tell_them_apart(told, cells, short):
    facts = replace(told.facts("x"), cells={name: (cell, cell) for name, cell in cells.items()})
    heard = []
    clock = PairClock(ComparisonLog(None, facts), Counter(), None, heard.append, 0.0)
    for name in cells:
        clock.begin("pair", name)
    assert {progress.cell: progress.short for progress in heard} == short
