"""`show checkpoint`: what is printed of a review, and the exit code that follows."""

import json
from pathlib import Path

import pytest

from bench.cli.commands import show

REVIEW = {
    "path": "/here/cell.pt",
    "id": "debug-adam-mnist",
    "input_shape": [1, 28, 28],
    "num_classes": 10,
    "parameters": 562,
    "verified": True,
    "entry": {"epoch": 0.25, "steps": 1200, "seconds": 1.5, "test_accuracy": 0.9},
    "again": {
        "test_loss": None,
        "test_accuracy": 0.9,
        "images": 10_000,
        "apart": 0,
        "allowed": 0,
        "same": True,
    },
}


@pytest.fixture
def told(typed, monkeypatch):
    """What the command says of a review with these changes."""

    def tell(*arguments, verified=True, **again):
        found = {**REVIEW, "verified": verified, "again": {**REVIEW["again"], **again}}
        monkeypatch.setattr(show, "ask_verification", lambda *_: found)
        return typed("show", "checkpoint", "cell.pt", *arguments)

    return tell


@pytest.mark.parametrize(
    ("again", "code", "verdict"),
    [
        ({}, 0, "the same"),
        ({"apart": -3, "allowed": 10}, 0, "the same but for rounding elsewhere (3 fewer right, up to 10 may be)"),
        ({"apart": 12, "allowed": 10, "same": False}, 1, "NOT the same (12 more right; 10 may differ)"),
        ({"apart": -1, "same": False}, 1, "NOT the same (1 fewer right; none may differ)"),
    ],
)
def test_weights_that_score_otherwise_are_exit_1(told, again, code, verdict):
    done = told(**again)
    assert done.returncode == code
    assert done.stdout.rstrip().endswith(f"now on 10,000 images: {verdict}")
    assert told("--json", **again).returncode == code


def test_what_is_unknown_is_null_in_valid_json(told):
    found = json.loads(told("--json").stdout, parse_constant=pytest.fail)
    assert found["again"]["test_loss"] is None


def test_a_file_without_a_digest_is_said_to_be_unverified(told):
    assert "unverified" in told(verified=False).stdout
    assert "unverified" not in told().stdout


def test_the_folder_of_data_sets_is_handed_on(typed, monkeypatch):
    asked = []
    monkeypatch.setattr(show, "ask_verification", lambda _, *task: asked.append(task) or REVIEW)
    typed("show", "checkpoint", "/here/cell.pt", "--data-dir", "/there")
    typed("show", "checkpoint", "/here/cell.pt")
    assert asked == [(Path("/here/cell.pt"), "/there"), (Path("/here/cell.pt"), "")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("checkpoint", "cell.pt", "--csv"),
        ("checkpoint", "cell.pt", "--dataset", "mnist"),
        ("architecture", "debug", "--data-dir", "x"),
        ("--data-dir", "x"),
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(typed, arguments):
    done = typed("show", *arguments)
    assert done.returncode == 2
    assert arguments[-1] in done.stderr or arguments[-2] in done.stderr
    assert done.stderr.count("\n") == 1
