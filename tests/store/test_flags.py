"""Flags: each kind of warning is counted once a process, and a process is what was started."""

import pytest

from bench.store.flags import Flags, joined, missed


def noted(*lines):
    flags = Flags()
    for status, *kinds in lines:
        flags.note({"status": status, "warnings": [{"kind": kind} for kind in kinds]})
    return str(flags)


def test_a_kind_counts_once_a_process_and_what_was_skipped_is_no_process():
    assert noted(("ok", "contended", "contended"), ("failed", "not steady", "contended"), ("skipped",)) == (
        "contended 2 of 2; not steady 1 of 2"
    )
    assert noted(("ok",)) == noted() == ""
    assert str(Flags()) == ""


def test_a_line_without_warnings_is_a_process_too():
    flags = Flags()
    flags.note({"status": "ok"})
    flags.note({"status": "ok", "warnings": [{"kind": "contended"}]})
    assert str(flags) == "contended 1 of 2"


@pytest.mark.parametrize(
    ("half_width", "target", "flag"),
    [
        (0.031, 0.03, "target 3 % not met"),
        (0.03, 0.03, ""),
        (0.0304, 0.03, "target 3 % not met: ± 3.04 %"),
        (0.0300001, 0.03, "target 3 % not met: ± 3.00001 %"),
        (0.5, None, ""),
        (None, 0.03, ""),
        (0.01, 0.0, "target 0 % not met"),
    ],
)
def test_a_target_is_missed_by_what_is_less_certain(half_width, target, flag):
    assert missed(half_width, target) == flag


def test_several_flags_are_one_text_and_none_is_none():
    assert joined(("a 1 of 2", "", "b")) == "a 1 of 2; b"
    assert joined(("", "")) is None
