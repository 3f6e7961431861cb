"""A command that ends without a decision: whatever the exit code, the files that CI reads are written and say why."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.cli.render.decision import Outputs
from bench.errors import BenchError, NotComparableError
from tests.verdict.decisions import SLOWER, decision

REASON = "unknown revision 'v9' in /repo: see <git> log & more"


@pytest.fixture
def outputs(tmp_path):
    return Outputs(
        as_json=True, junit_file=str(tmp_path / "out" / "ab.xml"), markdown_file=str(tmp_path / "out" / "ab.md")
    )


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (BenchError(REASON), 2, "unknown revision 'v9'"),
        (NotComparableError("another protocol"), 4, "another protocol"),
        (ZeroDivisionError("by\nzero"), 70, "unforeseen error, please report it: ZeroDivisionError: by zero"),
        (KeyboardInterrupt(), 130, "it was interrupted"),
    ],
)
def test_an_end_without_a_decision_is_in_every_file(outputs, capsys, error, code, words):
    with pytest.raises(type(error)), outputs.kept("ab", "python -m bench ab v9 HEAD"):
        raise error
    text = Path(outputs.markdown_file).read_text("utf-8")
    assert text.startswith(f"### Undecided: bench ab ended with exit code {code}\n\n")
    assert words in text
    assert "`python -m bench ab v9 HEAD`" in text
    (case,) = ET.parse(outputs.junit_file).getroot().iter("testcase")
    assert words in case.find("error").get("message")
    document = json.loads(capsys.readouterr().out)
    assert (document["overall"], document["exit_code"], document["verdicts"]) == ("undecided", code, [])
    assert words in document["reason"]


def test_a_command_of_bytes_that_are_no_text_costs_no_file(outputs):
    with pytest.raises(BenchError, match="unknown revision"), outputs.kept("ab", "python -m bench ab v9\udcff"):
        raise BenchError(REASON)
    assert "`python -m bench ab v9?`" in Path(outputs.markdown_file).read_text("utf-8")


def test_a_name_in_the_reason_is_no_markup(outputs):
    with pytest.raises(BenchError), outputs.kept("ab", ""):
        raise BenchError(REASON)
    assert "\\<git\\>" in Path(outputs.markdown_file).read_text("utf-8")


def test_a_decision_that_was_told_stays_as_it_is(outputs, capsys):
    def decide_and_keep():
        outputs.tell(decision(SLOWER, kind="check"))
        raise BenchError("the folder is gone")  # such as results/, where a check is kept

    with pytest.raises(BenchError), outputs.kept("check", ""):
        decide_and_keep()
    assert Path(outputs.markdown_file).read_text("utf-8").startswith("### Regression")
    assert json.loads(capsys.readouterr().out)["overall"] == "regression"


def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_measured(outputs, tmp_path):
    outputs.junit_file = str(tmp_path)  # a folder
    with pytest.raises(BenchError, match=r"cannot write .*name another file"), outputs.kept("ab", ""):
        raise AssertionError("measured")
    assert "cannot write" in Path(outputs.markdown_file).read_text("utf-8")
