"""Accepted: what a check measured side by side begins a segment, and nothing else that it says does."""

import pytest

from bench import files
from bench.errors import BenchError
from bench.regression.accepted import begun
from bench.store.run import create
from bench.verdict.verdict import CHECK_FILE, Decision, Verdict

SLOWER = Verdict(cell="mlp", metric="step", verdict="regressed")


@pytest.fixture
def checked(tmp_path):
    """A run that was checked against a baseline of that name, with these verdicts."""

    def write(*verdicts, name="main"):
        run = create("mine", {"plan": {}}, tmp_path)
        decision = Decision(kind="check", before=f"baseline {name} (8 runs)", after="run mine", verdicts=verdicts)
        files.replace(run.folder / CHECK_FILE, files.document(decision.to_dict()))
        return run

    return write


def test_what_was_measured_side_by_side_begins_a_segment(checked):
    run = checked(SLOWER, Verdict(cell="lenet5", metric="seconds_per_image", verdict="improved"))
    assert begun(run, "main") == {"mlp": "regressed", "lenet5": "improved"}


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(cell="mlp", metric="relative_cost", verdict="improved"),  # from stored numbers alone
        Verdict(cell="mlp", metric="step", verdict="unchanged"),
        Verdict(cell="mlp", metric="step", verdict="inconclusive", suspect=True),
        Verdict(cell="mlp", metric="step", verdict="regressed", limit=True),  # a budget
        Verdict(cell="mlp", metric="accuracy", verdict="regressed"),
    ],
)
def test_nothing_else_that_a_check_says_does(checked, verdict):
    assert begun(checked(verdict), "main") == {}


@pytest.mark.parametrize("name", ["main-2", "other"])
def test_a_check_against_another_baseline_says_nothing(checked, name):
    assert begun(checked(SLOWER, name=name), "main") == {}


def test_a_run_that_was_never_checked_begins_nothing_and_a_damaged_check_is_told(checked, tmp_path):
    assert begun(create("other", {"plan": {}}, tmp_path), "main") == {}
    run = checked(SLOWER)
    path = run.folder / CHECK_FILE
    files.replace(path, path.read_bytes().replace(b'"cell"', b'"sell"'))
    with pytest.raises(BenchError, match=r"mine/check\.json is damaged \(there is no 'cell'\): check the run again"):
        begun(run, "main")
