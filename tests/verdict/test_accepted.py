"""Accepted: what is regressed in the cells that were named passes, is told with its numbers, and nothing else does."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.metrics import RESULT
from bench.verdict.accepted import accept
from bench.verdict.junit import junit
from bench.verdict.markdown import markdown
from bench.verdict.verdict import Decision
from tests.verdict.decisions import SLOWER, decision, verdict

OTHER = verdict("regressed", "mlp-sgd", reason="slower by 7 %")
MEAN = verdict("regressed", "geometric mean of 2 cells", reason="slower by 8 %")
MEMORY = replace(SLOWER, metric="peak_memory", unit="B")


def words(decision):
    return [one.verdict for one in decision.verdicts]


@pytest.mark.parametrize("word", ["lenet5", "lenet*", "lenet5-*", SLOWER.cell, "*"])
def test_what_is_named_passes(word):
    accepted = accept(decision(SLOWER, MEMORY, verdict("unchanged")), [word])
    assert words(accepted) == ["accepted", "accepted", "unchanged"]
    assert accepted.exit_code == 0
    assert accepted.verdicts[0].ratio == SLOWER.ratio
    assert accepted.verdicts[0].reason == "slower by 10 %; accepted by --accept"
    assert accepted.notes == ()


def test_what_is_not_named_fails_as_before():
    accepted = accept(decision(SLOWER, OTHER), ["lenet5-*", "ml"])
    assert words(accepted) == ["accepted", "regressed"]
    assert accepted.exit_code == 1


def test_the_mean_is_accepted_with_a_cell_of_it_and_not_alone():
    assert accept(decision(SLOWER, MEAN), ["lenet5-*"]).exit_code == 0
    assert accept(decision(verdict("unchanged", "lenet5"), MEAN), ["lenet5"]).exit_code == 1
    assert accept(decision(verdict("unchanged", "lenet5"), MEAN), ["*"]).exit_code == 0


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (verdict("failed"), 1),
        (verdict("regressed", metric=RESULT), 1),
        (verdict("not comparable"), 4),
        (verdict("missing"), 4),
        (verdict("inconclusive"), 3),
    ],
)
def test_nothing_else_is_ever_accepted(other, code):
    accepted = accept(decision(SLOWER, other), ["*"])
    assert words(accepted) == ["accepted", other.verdict]
    assert accepted.exit_code == code


def test_brackets_stand_for_themselves():
    cell = "tests/test_net.py::test_step[adam-64]"
    assert accept(decision(verdict("regressed", cell)), [cell]).exit_code == 0


def test_a_name_that_matches_nothing_is_told_and_accepts_nothing():
    accepted = accept(decision(SLOWER), ["lenet6-*"])
    assert accepted.exit_code == 1
    assert accepted.notes == ("--accept lenet6-* matches no cell of this comparison",)
    assert accept(decision(SLOWER), []) == decision(SLOWER)


def test_it_is_told_in_every_form():
    accepted = accept(decision(SLOWER), ["*"])
    comment = markdown(accepted)
    assert "1 accepted" in comment
    assert "+10.0 % (+7.0 to +13.0)" in comment
    assert "accepted by --accept" in comment
    [case] = ET.fromstring(junit(accepted)).iter("testcase")
    assert [child.tag for child in case] == ["system-out"]
    assert Decision.from_dict(accepted.to_dict()) == accepted
