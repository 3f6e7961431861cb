import json

import pytest

from bench.stats.interval import Interval
from bench.verdict.verdict import EXIT_CODES, OVERALL, Anchor, Decision, Verdict, worst
from bench.vocabulary import OVERALLS, VERDICTS
from tests.verdict.decisions import SLOWER, decision, verdict


@pytest.mark.parametrize(
    ("verdicts", "overall", "code"),
    [
        (["unchanged", "improved", "new"], "pass", 0),
        (["improved", "changed", "not known"], "pass", 0),
        (["unchanged", "regressed", "inconclusive", "missing"], "regression", 1),
        (["unchanged", "failed"], "regression", 1),
        (["unchanged", "inconclusive"], "inconclusive", 3),
        (["inconclusive", "not comparable"], "not comparable", 4),
        (["unchanged", "missing"], "not comparable", 4),
        ([], "inconclusive", 3),
    ],
)
def test_the_gravest_verdict_decides_the_exit_code(verdicts, overall, code):
    gravest = decision(*map(verdict, verdicts))
    assert (gravest.overall, gravest.exit_code) == (overall, code)


def test_every_verdict_has_its_meaning_for_the_whole():
    assert set(VERDICTS) == {
        "improved",
        "unchanged",
        "regressed",
        "inconclusive",
        "not comparable",
        "new",
        "missing",
        "failed",
        "accepted",
        "changed",
        "not known",
    }
    assert set(OVERALL) == set(VERDICTS)
    assert {worst([verdict]) for verdict in VERDICTS} == set(OVERALLS)


def test_a_word_that_is_no_verdict_is_refused():
    with pytest.raises(ValueError, match="'slower' is none of 'regressed'"):
        Verdict.from_dict({"cell": "a", "metric": "step", "verdict": "slower"})


def test_a_document_survives_json_and_back():
    whole = decision(SLOWER, machine={"cpu": "x"}, versions={"torch": ("2.4", None)}, notes=("a note",))
    document = json.loads(json.dumps(whole.to_dict(), allow_nan=False))
    assert document["schema"] == 1
    assert (document["overall"], document["exit_code"]) == ("regression", 1)
    assert document["verdicts"][0]["ratio"] == {"value": 1.1, "low": 1.07, "high": 1.13, "n": 6}
    assert Decision.from_dict(document) == whole


def test_fields_of_a_newer_version_are_passed_over():
    assert Verdict.from_dict({**SLOWER.to_dict(), "later": 1}) == SLOWER


def test_an_anchor_survives_json_and_back():
    crept = verdict("unchanged", anchor=Anchor("r1", "abc", 9, Interval(1.04, 1.01, 1.07, 9), 0.98, risen=True))
    whole = decision(crept, kind="check")
    document = json.loads(json.dumps(whole.to_dict(), allow_nan=False))
    assert document["verdicts"][0]["anchor"] == {
        "run": "r1",
        "revision": "abc",
        "runs": 9,
        "ratio": {"value": 1.04, "low": 1.01, "high": 1.07, "n": 9},
        "confidence": 0.98,
        "risen": True,
    }
    assert Decision.from_dict(document) == whole


def test_a_document_with_the_least_in_it_is_read():
    decided = Decision.from_dict({"kind": "ab", "before": "a", "after": "b", "verdicts": [], "later": 1})
    assert decided == Decision(kind="ab", before="a", after="b", verdicts=())


@pytest.mark.parametrize("damage", [{"kind": "abc"}, {"interrupted": "tired"}, {"verdicts": [{"verdict": "slower"}]}])
def test_words_that_are_none_are_refused(damage):
    with pytest.raises(ValueError, match="is none of"):
        Decision.from_dict({"kind": "ab", "before": "a", "after": "b", "verdicts": [], **damage})


def test_a_limit_is_told_apart_by_its_label():
    assert (verdict("regressed").label, verdict("regressed", limit=True).label) == ("step", "step (budget)")


@pytest.mark.parametrize(
    ("overall", "code"), [("pass", 0), ("regression", 1), ("inconclusive", 3), ("not comparable", 4)]
)
def test_the_exit_codes_are_those_of_the_documents(overall, code):
    assert EXIT_CODES[overall] == code


def test_what_nobody_says_is_no_suspect_has_not_risen_and_took_no_time():
    assert not verdict("inconclusive").suspect
    assert not Anchor("r", "", 1, Interval(1.0, None, None, 1)).risen
    assert decision().seconds == 0
