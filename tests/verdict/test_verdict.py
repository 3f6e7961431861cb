import json

import pytest

from bench.verdict.verdict import OVERALL, Decision, Verdict, worst
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
