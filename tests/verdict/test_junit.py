"""The XML for CI systems: parsed again, and counted."""

from xml.etree import ElementTree as ET

from bench.verdict.junit import junit
from bench.vocabulary import VERDICTS
from tests.verdict.decisions import decision, verdict


def parsed(*verdicts):
    fields = {"kind": "check", "before": "baseline main", "after": "run r", "seconds": 1.5, "notes": ("a note",)}
    return ET.fromstring(junit(decision(*verdicts, **fields))).find("testsuite")


def test_a_regression_is_a_failure_and_what_was_not_decided_is_an_error():
    suite = parsed(*(verdict(word, f"cell {word}", reason="why") for word in VERDICTS))
    kinds = {case.get("classname"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert kinds == {
        "cell regressed": ["failure"],
        "cell failed": ["failure"],
        "cell not comparable": ["error"],
        "cell missing": ["error"],
        "cell inconclusive": ["error"],
        "cell accepted": ["system-out"],
        "cell changed": ["system-out"],
        "cell not known": ["system-out"],
        "cell new": ["system-out"],
        "cell unchanged": ["system-out"],
        "cell improved": ["system-out"],
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("11", "2", "3")
    assert suite.get("name") == "bench check: run r against baseline main"
    assert suite.find("system-out").text == "a note"


def test_versions_that_differ_stand_before_the_notes():
    document = junit(decision(verdict("unchanged"), versions={"torch": ("2.4", "2.5")}, notes=("a note",)))
    assert ET.fromstring(document).find("testsuite/system-out").text == "torch 2.4 -> 2.5\na note"


def test_reason_remedy_and_evidence_are_in_the_message():
    risen = verdict("regressed", metric="counts", reason="risen", remedy="allow it", evidence=("flops 1 -> 2",))
    (failure,) = parsed(risen).iter("failure")
    assert failure.get("message") == "regressed: risen"
    assert failure.text == "risen\nallow it\nflops 1 -> 2"


def test_any_text_gives_whole_xml():
    hostile = verdict("failed", 'a"<&>\x00\ud800', reason="\x1b[31m]]>")
    (case,) = parsed(hostile).findall("testcase")
    assert case.get("classname") == 'a"<&>\ufffd\ufffd'


def test_seconds_and_the_moment_are_told_where_they_are_known():
    suite = parsed(verdict("unchanged"))
    assert (suite.get("time"), suite.get("timestamp"), suite.get("skipped")) == ("1.500", None, "0")
    document = junit(decision(verdict("unchanged"), started="2026-11-26T10:00:00+00:00"))
    assert document.startswith('<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n <testsuite ')
    suite = ET.fromstring(document).find("testsuite")
    assert (suite.get("timestamp"), suite.get("time")) == ("2026-11-26T10:00:00+00:00", "0.000")
    assert suite.find("system-out") is None


def test_a_pass_tells_its_verdict_only_where_there_is_a_reason():
    calm, new = parsed(verdict("unchanged"), verdict("new", reason="not in the baseline yet")).iter("testcase")
    assert list(calm) == []
    assert new.find("system-out").text == "new\nnot in the baseline yet"
    assert (new.get("time"), new.get("name")) == ("0", "step")
