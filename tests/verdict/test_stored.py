"""Stored: what `check` left beside a run is read back whole, and where it left nothing there is nothing."""

import json

import pytest

from bench.errors import BenchError
from bench.verdict.stored import stored_check
from bench.verdict.verdict import Decision
from tests.verdict.decisions import SLOWER, decision


def test_the_decision_is_read_back_as_it_was(tmp_path):
    made = decision(SLOWER, kind="check")
    (tmp_path / "check.json").write_text(json.dumps(made.to_dict()))
    assert Decision.from_dict(stored_check(tmp_path)) == made


def test_a_run_that_was_never_checked_has_none(tmp_path):
    assert stored_check(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": 2}', "has schema 2, this version reads 1: check the run again"),
        ("{}", "has schema None, this version reads 1: check the run again"),
        ("[1", "check the run again"),
    ],
)
def test_damage_and_another_schema_are_told_with_the_file(tmp_path, text, words):
    (tmp_path / "check.json").write_text(text)
    with pytest.raises(BenchError, match=words) as told:
        stored_check(tmp_path)
    assert str(tmp_path / "check.json") in str(told.value)
