"""Explanation: the sentence, the parts, the exact counts and the notes, from runs on disk."""

import json
from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.explain.explanation import changed_counts, changed_operators, explain
from bench.explain.record import cell_records
from bench.store.result import Result
from bench.store.warning import Warning
from tests.explain import made


@pytest.fixture
def pair(tmp_path):
    """vgg4 and lenet5 of one run."""
    found = cell_records(made.two_cells(tmp_path))
    return found[made.VGG.id], found[made.LENET.id]


def test_the_sentence_names_the_slower_first_whatever_the_order(pair):
    told = explain(*pair).sentence
    assert told == explain(*reversed(pair)).sentence
    # backward 5.4 of 6 against 5/6 of 1.8 ms: 3.0 of 6 ms; forward 3/4 of 3.6 ms: 2.7 of 6 ms, less what Python took
    assert told == "vgg4 is 3x slower than lenet5: 50 % of it convolution backward, 45 % convolution forward."


def test_the_parts_add_up_to_the_measured_difference(pair):
    found = explain(*pair)
    assert found.steps == pytest.approx((9e-3, 3e-3))
    assert sum(part.difference for part in found.parts) == pytest.approx(6e-3)
    assert sum(one.share for one in found.levels["operator"]) == pytest.approx(1)
    modules = {one.name for one in found.levels["module"]}
    assert {"vgg4: features.0", "lenet5: features.0"} <= modules


def test_a_change_in_a_count_is_listed_exactly(pair):
    assert changed_counts(*pair) == [("operators_forward", 9.0, 5.0)]
    assert changed_operators(*pair) == [("forward", "aten.convolution", 4, 2), ("forward", "aten.relu", 4, 0)]
    assert changed_counts(pair[0], pair[0]) == changed_operators(pair[0], pair[0]) == []


def test_as_plain_data_it_is_complete(pair):
    document = json.loads(json.dumps(explain(*pair).to_dict(), allow_nan=False))
    assert document["step_seconds"] == pytest.approx({"slower": 9e-3, "faster": 3e-3, "difference": 6e-3, "ratio": 3.0})
    for level in ("kinds", "phase", "category", "operator", "module", "parts"):
        assert sum(one["difference"] for one in document[level]) == pytest.approx(6e-3)
    assert document["counts"] == [{"metric": "operators_forward", "slower": 9.0, "faster": 5.0}]
    assert document["operators"][0] == {"phase": "forward", "operator": "aten.convolution", "slower": 4, "faster": 2}


def test_phases_that_do_not_fill_the_step_are_stretched_and_say_so(tmp_path):
    whole = made.result(made.VGG, 8e-3)
    halves = [
        replace(one, value=one.value / 2) if one.metric in ("forward", "backward") else one
        for one in whole.measurements
    ]
    short = replace(whole, measurements=tuple(halves))
    found = cell_records(made.run(tmp_path, "short", [short, made.result(made.LENET, 4e-3)]))
    told = explain(*found.values())
    assert sum(part.difference for part in told.parts) == pytest.approx(4e-3)
    assert any("add up to 50% of its step" in note for note in told.notes)


def test_without_a_profile_it_is_of_phases_and_says_how_to_have_more(tmp_path):
    found = cell_records(made.run(tmp_path, "bare", [made.result(made.VGG, 6e-3), made.result(made.LENET, 3e-3)]))
    told = explain(*found.values())
    assert told.sentence == "vgg4 is 2x slower than lenet5: 60 % of it backward, 40 % forward."
    assert any("run --profile" in note for note in told.notes)


def test_steps_that_are_as_long_are_called_so(tmp_path):
    found = cell_records(made.run(tmp_path, "same", [made.result(made.VGG, 3.01e-3), made.result(made.LENET, 3e-3)]))
    assert "take the same time" in explain(*found.values()).sentence


def test_overlapping_intervals_are_said(tmp_path):
    visits = [
        made.result(cell, step * wobble, repeat=at)
        for at, wobble in enumerate((1, 1.2, 0.9))
        for cell, step in ((made.VGG, 3.3e-3), (made.LENET, 3e-3))
    ]
    found = cell_records(made.run(tmp_path, "noisy", visits))
    assert any("may be chance" in note for note in explain(*found.values()).notes)


def test_of_two_runs_the_machine_s_part_is_said(tmp_path):
    old = made.run(tmp_path, "old", [made.result(made.VGG, 6e-3, system={"cpu": "a"})])
    new = made.run(tmp_path, "new", [made.result(made.VGG, 9e-3, reference=1.3e-3, system={"cpu": "b"})])
    told = explain(cell_records(old)[made.VGG.id], cell_records(new)[made.VGG.id])
    assert told.sentence.startswith(f"{made.VGG.id} in run new is 50 % slower than {made.VGG.id} in run old")
    assert any("The reference took +30% in run new against run old" in note for note in told.notes)
    assert any("cpu a -> b" in note for note in told.notes)


def test_a_cell_that_failed_is_refused(tmp_path):
    lost = made.run(tmp_path, "lost", [Result(made.VGG, "failed", "no reason"), made.result(made.LENET, 3e-3)])
    with pytest.raises(BenchError, match="has no step time"):
        explain(*cell_records(lost).values())


def test_an_account_takes_the_profile_of_whichever_visit_has_it(tmp_path):
    visits = [made.result(made.VGG, 6e-3), made.result(made.VGG, 6e-3, repeat=1, profile=made.profile())]
    (record,) = cell_records(made.run(tmp_path, "late", visits)).values()
    assert record.profile == made.profile()
    assert record.operators is None


def test_what_spoke_against_the_times_is_said(tmp_path):
    warnings = (
        Warning("phases", "contended", 0.48, "the process had 48% of its core"),
        Warning("relative cost", "faulting", 20.0, "20 page faults a step"),
    )
    slow = made.result(made.VGG, 9e-3, warnings=warnings)
    found = cell_records(made.run(tmp_path, "busy", [slow, made.result(made.LENET, 3e-3)]))
    assert "The times of vgg4 in run busy are doubtful: contended." in explain(*found.values()).notes
