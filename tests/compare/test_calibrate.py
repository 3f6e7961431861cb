"""Calibrate: a slowdown to be caught is a comparison of one cell with itself, recorded as every other is."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare import ab, calibrate, sequential
from bench.compare.ab import Rules, compare, facts_of
from bench.compare.calibrate import EqualPairs, Injection, concluded, enough, gather, injected, smallest
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import Pair, Side
from bench.compare.sides import Comparison
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.verdict.verdict import Verdict

PLAN = Plan(blocks=2, order_seed=7)
COMPARISON = Comparison(
    before=SideFacts("A"),
    after=SideFacts("B"),
    sides={name: (Side(None, Cell(name)), Side(None, Cell(name))) for name in ("mlp", "lenet5")},
    system={"cpu": "x", "cores_usable": 2},
    unmatched=(Verdict(cell="vgg4", metric="step", verdict="new"),),
    notes=("a plug-in is left out",),
)


@pytest.fixture
def asked(monkeypatch):
    """Pairs come from seeded noise, slower by what the second side injects; what was asked for is kept."""
    draw, asked = np.random.default_rng(0), []

    def measure_pair(first, second, blocks, order, start):
        asked.append((first.cell.architecture, second.inject, blocks))
        steps = np.full((blocks, 4), 0.004)
        return Pair(steps, steps * np.exp(np.log1p(second.inject) + draw.normal(0, 0.005)), {}, 0, statistic="p10")

    monkeypatch.setattr(sequential, "measure_pair", measure_pair)
    monkeypatch.setattr(sequential, "count_both", lambda *_: ({"flops": 1.0}, {"flops": 1.0}))
    monkeypatch.setattr(ab, "note_sameness", lambda *_, **__: None)
    return asked


def test_a_slowdown_is_caught_and_its_record_says_what_was_compared(asked, tmp_path):
    path = tmp_path / "mlp.jsonl"
    injection = Injection(cell="mlp", slowdown=0.2, tolerance=0.08, seed=3, record=path)
    decision = injected(COMPARISON, PLAN, injection, lambda *_: None)
    assert [verdict.verdict for verdict in decision.verdicts] == ["regressed"]
    assert set(asked) == {("mlp", 0.2, 2)}
    assert (decision.before, decision.after) == ("mlp", "mlp, 20 % slower")
    facts = ComparisonLog.load(path).facts
    assert facts.cells == {"mlp": (Cell("mlp"), Cell("mlp"))}
    assert (facts.tolerance, facts.blocks, facts.order_seed) == (0.08, 2, 3)
    assert (facts.system, facts.unmatched) == (COMPARISON.system, ())


def test_an_interrupt_leaves_no_decision_that_would_be_counted(asked, monkeypatch):
    measure_pair = sequential.measure_pair

    def interrupted(*arguments):
        if len(asked) == 3:
            raise KeyboardInterrupt
        return measure_pair(*arguments)

    monkeypatch.setattr(sequential, "measure_pair", interrupted)
    with pytest.raises(KeyboardInterrupt):
        injected(COMPARISON, PLAN, Injection(cell="mlp", slowdown=0.2, tolerance=0.05, seed=0), lambda *_: None)


def test_ab_and_the_calibration_write_the_same_facts(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ab.jsonl"
    decision = compare(
        COMPARISON, PLAN, Rules(tolerance=0.05, command="python -m bench ab", record=path), lambda *_: None
    )
    stored = ComparisonLog.load(path).facts
    made = facts_of(COMPARISON, PLAN, 0.05, command="python -m bench ab", notes=decision.notes)
    assert replace(stored, started="") == replace(made, started="")
    assert stored.notes[0] == "a plug-in is left out"
    assert decision.verdicts[-1].verdict == "new"


def equal_pairs(sd, seed, count=15):
    """A/A pairs of a cell with this spread."""
    draw = np.random.default_rng(seed)
    return EqualPairs([float(log) for log in draw.normal(0, sd, count)], [at % 2 for at in range(count)])


def test_pairs_are_made_as_a_comparison_makes_them(monkeypatch):
    """Each round with servers of its own, and either side started first once in each two."""
    events = []
    host = SimpleNamespace(renew=lambda: events.append("renew"), wait_until_ready=lambda: None)

    def measure_pair(first, second, blocks, order, start):
        events.append((first.cell.architecture, start))
        return Pair(np.full((2, 4), 0.004), np.full((2, 4), 0.004), {}, 0, started_first=start)

    monkeypatch.setattr(calibrate, "measure_pair", measure_pair)
    equals = gather(replace(COMPARISON, hosts=(host,)), PLAN, 4, lambda *_: None)
    assert [event == "renew" for event in events] == [at % 3 == 2 for at in range(11)]
    starts = equals["mlp"].started_first
    assert (
        starts == equals["lenet5"].started_first == [start for name, start in [e for e in events if e != "renew"][::2]]
    )
    assert [sum(starts[:2]), sum(starts[2:])] == [1, 1]


def test_the_noisiest_cell_decides_what_is_admissible():
    """Pooled, the quiet cell would lend the noisy one a tolerance that it cannot keep."""
    equals = {"mlp": equal_pairs(0.005, 1), "lenet5": equal_pairs(0.03, 2)}
    calibration = concluded(COMPARISON, equals, [], "", "")
    assert calibration.tolerances["mlp"] <= 0.015
    assert calibration.tolerances["lenet5"] >= 0.04
    assert calibration.smallest_tolerance == calibration.tolerances["lenet5"]
    assert set(calibration.rates) == set(calibration.started_first) == set(calibration.log_ratios) == set(equals)
    assert calibration.notes == ()
    for rates in calibration.rates.values():
        assert [each.tolerance for each in rates] == sorted({0.02, 0.03, 0.05, 0.1, *calibration.tolerances.values()})
    (own,) = calibration.runs  # those that the pairs make in their own order
    assert (own.slowdown, own.tolerance) == (0.0, max(0.05, calibration.smallest_tolerance))
    assert own.count == own.passed + own.inconclusive > 0


def test_a_bias_of_identical_sides_is_told():
    biased = equal_pairs(0.005, 1)
    biased.log_ratios[:] = [log + 0.02 for log in biased.log_ratios]
    calibration = concluded(COMPARISON, {"mlp": biased}, [], "", "")
    [note] = calibration.notes
    assert note.startswith("mlp: identical sides differ by 2")


def test_a_cell_without_a_tolerance_leaves_none():
    assert smallest([0.02, None]) is None
    assert smallest([0.02, 0.05]) == 0.05


def test_too_few_pairs_of_one_cell_are_refused():
    with pytest.raises(BenchError, match="9 pairs of a cell say too little"):
        enough({"mlp": equal_pairs(0.01, 1, 30), "lenet5": equal_pairs(0.01, 1, 9)})


@pytest.fixture
def clock(monkeypatch):
    """Each pair takes 5 s, and is of equal steps; the third interrupts where `clock.interrupts` says so."""
    clock = SimpleNamespace(now=1000.0, interrupts=None, made=0)

    def measure_pair(first, second, blocks, order, start):
        clock.made += 1
        if clock.made == clock.interrupts:
            raise KeyboardInterrupt
        clock.now += 5.0
        return Pair(np.full((2, 4), 0.004), np.full((2, 4), 0.004), {}, 0, started_first=start)

    monkeypatch.setattr(calibrate, "measure_pair", measure_pair)
    monkeypatch.setattr(calibrate, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_the_budget_ends_the_pairs_with_what_there_is(clock):
    equals = gather(COMPARISON, replace(PLAN, budget=31.0), 20, lambda *_: None)
    assert clock.made == 7  # begun at 0, 5, ... 30 s
    assert sorted(len(equal.log_ratios) for equal in equals.values()) == [3, 4]
    clock.made = 0
    gather(COMPARISON, replace(PLAN, budget=31.0), 20, lambda *_: None, clock.now - 20.0)
    assert clock.made == 3


@pytest.mark.parametrize(("at", "kept"), [(20, None), (21, 10), (22, 10), (23, 11)])
def test_an_interrupt_keeps_what_says_enough_of_each_cell(clock, at, kept):
    clock.interrupts = at
    if kept is None:
        with pytest.raises(KeyboardInterrupt):
            gather(COMPARISON, PLAN, 20, lambda *_: None)
    else:
        equals = gather(COMPARISON, PLAN, 20, lambda *_: None)
        assert min(len(equal.log_ratios) for equal in equals.values()) == kept
