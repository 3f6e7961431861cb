"""A/B: what the rules ask for unless told otherwise, what is left of a budget, and what an interrupt leaves."""

from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare import ab, sequential
from bench.compare.ab import Rules, compare
from bench.compare.facts import SideFacts
from bench.compare.pairs import Pair, Side
from bench.compare.sides import Comparison
from bench.plan.cell import Cell
from bench.plan.plan import Plan

COMPARISON = Comparison(SideFacts("a"), SideFacts("b"), {"mlp": (Side(None, Cell("mlp")),) * 2}, {"cpu": "x"})


@pytest.fixture
def asked(monkeypatch):
    """Sides that are equal; keeps what was asked for, and interrupts at the pair `interrupts`."""
    asked = SimpleNamespace(sameness=[], tolerance=[], pairs=0, interrupts=None)

    def measure_pair(first, second, blocks, order, start):
        asked.pairs += 1
        if asked.pairs == asked.interrupts:
            raise KeyboardInterrupt
        return Pair(np.full((2, 4), 0.004), np.full((2, 4), 0.004), {}, 0, started_first=start)

    def checked_tolerance(wanted, fingerprints, **more):
        asked.tolerance.append((wanted, len(fingerprints), more["uncalibrated"], list(more["cells"])))
        return 0.05, ["a note"]

    monkeypatch.setattr(sequential, "measure_pair", measure_pair)
    monkeypatch.setattr(sequential, "count_both", lambda *_: ({"flops": 1.0}, {"flops": 1.0}))
    monkeypatch.setattr(ab, "checked_tolerance", checked_tolerance)
    monkeypatch.setattr(ab, "note_sameness", lambda *_, required, budget: asked.sameness.append((required, budget)))
    return asked


def test_nothing_is_forced_and_nothing_fails_for_its_result_unless_that_is_asked_for(asked):
    cell = Cell("mlp").id
    decision = compare(COMPARISON, Plan(), Rules(), lambda *_: None)
    assert asked.tolerance == [(None, 1, False, [cell, cell])]
    assert asked.sameness == [(False, None)]
    assert decision.notes == ("a note",)
    compare(COMPARISON, Plan(), Rules(tolerance=0.1, uncalibrated=True, same_result=True), lambda *_: None)
    assert asked.tolerance[1] == (0.1, 1, True, [cell, cell])
    assert asked.sameness[1] == (True, None)


@pytest.mark.parametrize(("began", "left"), [(None, 30.0), (990.0, 20.0), (950.0, 0.0)])
def test_what_the_sides_compute_has_what_is_left_of_the_budget(asked, monkeypatch, began, left):
    monkeypatch.setattr(ab, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(sequential, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    compare(COMPARISON, Plan(budget=30.0), Rules(), lambda *_: None, began)
    assert asked.sameness == [(False, left)]


def test_an_interrupt_after_a_pair_leaves_a_decision_that_says_so(asked):
    asked.interrupts = 2
    decision = compare(COMPARISON, Plan(), Rules(), lambda *_: None)
    assert (decision.interrupted, decision.exit_code) == ("interrupted", 3)


def test_an_interrupt_before_the_first_pair_leaves_nothing_to_decide(asked):
    asked.interrupts = 1
    with pytest.raises(KeyboardInterrupt):
        compare(COMPARISON, Plan(), Rules(), lambda *_: None)
