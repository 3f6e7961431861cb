"""Warnings: one sentence for those of a kind, and an amount that every kind writes in its own unit."""

from typing import get_args

import pytest

from bench.store.warning import AMOUNTS, Warning, summary
from bench.vocabulary import WarningKind


def contended(share):
    return Warning("phases", "contended", share, f"the process had {share * 100:.0f} % of its core")


def test_a_warning_is_told_with_its_part_and_kind():
    assert str(contended(0.48)) == "phases: contended, the process had 48 % of its core"
    assert summary([contended(0.48)]) == str(contended(0.48))


def test_amounts_that_read_alike_are_no_span():
    assert summary([contended(0.481), contended(0.479)]) == str(contended(0.481))


def test_the_span_is_of_the_amounts_whatever_else_the_texts_say():
    drifts = [
        Warning("relative cost", "drifting", slope, f"the {subject} blocks change by {slope * 100:+.1f} % each")
        for subject, slope in (("cell", 0.02), ("reference", -0.031), ("cell", 0.012))
    ]
    assert summary(drifts) == (
        "relative cost: drifting, the cell blocks change by +2.0 % each; 3 such, from -3.1 % a block to +2.0 % a block"
    )


def test_kinds_without_an_amount_are_told_by_each_of_their_texts():
    reasons = ("power cap", "heat", "power cap")
    throttled = [Warning("phases", "throttled", None, f"held down by {reason}") for reason in reasons]
    assert summary(throttled) == "phases: throttled, held down by power cap; held down by heat"


def test_an_amount_that_could_not_be_stored_is_passed_over():
    uneven = [Warning("training", "uneven", amount, "its steps took long") for amount in (None, 2.0)]
    assert summary(uneven) == "training: uneven, its steps took long"


@pytest.mark.parametrize("kind", AMOUNTS)
def test_every_amount_belongs_to_a_kind_and_can_be_written(kind):
    assert kind in get_args(WarningKind)
    assert AMOUNTS[kind](0.25) != AMOUNTS[kind](400.0)
