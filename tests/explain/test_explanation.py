"""Explanation: the sentence, the parts, the exact counts and the notes, from runs on disk."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.errors import BenchError
from bench.explain.explanation import changed_counts, changed_operators, explain
from bench.explain.record import CellRecord, cell_records
from bench.plan.cell import Cell
from bench.stats.interval import of_ratios
from bench.store.result import Result
from bench.store.warning import Warning
from tests.explain import made


@pytest.fixture
def pair(tmp_path):
    """vgg4 and lenet5 of one run."""
    records = cell_records(made.two_cells(tmp_path))
    return records[made.VGG.id], records[made.LENET.id]


def test_the_sentence_names_the_slower_first_whatever_the_order(pair):
    sentence = explain(*pair).sentence
    assert sentence == explain(*reversed(pair)).sentence
    # backward 5.4 of 6 against 5/6 of 1.8 ms: 3.0 of 6 ms; forward 3/4 of 3.6 ms: 2.7 of 6 ms, less what Python took
    assert sentence == "vgg4 is 3x slower than lenet5: 50 % of it convolution backward, 45 % convolution forward."


def test_data_sets_of_ones_own_are_told_apart_by_their_names_alone(pair):
    first, second = (
        replace(pair[0], cell=replace(pair[0].cell, dataset=name, origins=(f"dataset=npz:{name}.npz",)))
        for name in ("day", "night")
    )
    assert explain(first, second).sentence.startswith("vgg4 day and vgg4 night take the same time")


def test_the_parts_add_up_to_the_measured_difference(pair):
    explanation = explain(*pair)
    assert explanation.steps == pytest.approx((9e-3, 3e-3))
    assert sum(part.difference for part in explanation.parts) == pytest.approx(6e-3)
    assert sum(share.share for share in explanation.levels["operator"]) == pytest.approx(1)
    modules = {share.name for share in explanation.levels["module"]}
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
    records = cell_records(made.run(tmp_path, "short", [short, made.result(made.LENET, 4e-3)]))
    explanation = explain(*records.values())
    assert sum(part.difference for part in explanation.parts) == pytest.approx(4e-3)
    assert any("add up to 50 % of its step" in note for note in explanation.notes)


def test_without_a_profile_it_is_of_phases_and_says_how_to_have_more(tmp_path):
    records = cell_records(made.run(tmp_path, "bare", [made.result(made.VGG, 6e-3), made.result(made.LENET, 3e-3)]))
    explanation = explain(*records.values())
    assert explanation.sentence == "vgg4 is 2x slower than lenet5: 60 % of it backward, 40 % forward."
    assert any("run --profile" in note for note in explanation.notes)


def test_steps_that_are_as_long_are_called_so(tmp_path):
    records = cell_records(made.run(tmp_path, "same", [made.result(made.VGG, 3.01e-3), made.result(made.LENET, 3e-3)]))
    assert "take the same time" in explain(*records.values()).sentence


def test_overlapping_intervals_are_said(tmp_path):
    results = [
        made.result(cell, step * wobble, repeat=at)
        for at, wobble in enumerate((1, 1.2, 0.9))
        for cell, step in ((made.VGG, 3.3e-3), (made.LENET, 3e-3))
    ]
    records = cell_records(made.run(tmp_path, "noisy", results))
    assert any("may be chance" in note for note in explain(*records.values()).notes)


def test_times_of_two_runs_are_divided_by_how_much_longer_the_reference_took(tmp_path):
    """The second run's machine was 30 % slower, the cell 15 % beyond that: absolute seconds of two hours say 50 %."""
    old = made.run(tmp_path, "old", [made.result(made.VGG, 6e-3, system={"cpu": "a"})])
    new = made.run(tmp_path, "new", [made.result(made.VGG, 9e-3, reference=1.3e-3, system={"cpu": "b"})])
    records = [cell_records(run)[made.VGG.id] for run in (old, new)]
    explanation = explain(*records)
    assert explanation.sentence.startswith(f"{made.VGG.id} in run new is 15 % slower than {made.VGG.id} in run old")
    assert explanation.steps == pytest.approx((9e-3 / 1.3, 6e-3))
    assert sum(part.difference for part in explanation.parts) == pytest.approx(9e-3 / 1.3 - 6e-3)
    drift = "The reference took +30.0 % in run new against run old, more than runs of one quiet machine differ"
    assert any(note.startswith(drift) for note in explanation.notes)
    assert any("cpu a -> b" in note for note in explanation.notes)
    assert explain(*reversed(records)).steps == pytest.approx((9e-3, 6e-3 * 1.3))


def test_a_slower_hour_is_no_slower_cell(tmp_path):
    old = made.run(tmp_path, "old", [made.result(made.VGG, 6e-3)])
    new = made.run(tmp_path, "new", [made.result(made.VGG, 9e-3, reference=1.5e-3)])
    explanation = explain(cell_records(old)[made.VGG.id], cell_records(new)[made.VGG.id])
    assert "take the same time" in explanation.sentence


def test_single_processes_are_doubted_and_a_small_difference_of_theirs_has_no_shares(pair, tmp_path):
    large = explain(*pair)
    assert "One process, and so no interval, stands behind vgg4 in run two and lenet5 in run two" in large.notes[0]
    assert large.notes[0].endswith("the difference may be chance.")
    assert large.kinds[0].share is not None
    near = made.run(tmp_path, "near", [made.result(made.VGG, 3.2e-3), made.result(made.LENET, 3e-3)])
    small = explain(*cell_records(near).values())
    assert small.sentence == "vgg4 is 6.7 % slower than lenet5, which may be chance."
    assert {share.share for share in (*small.kinds, *small.levels["phase"])} == {None}
    assert json.loads(json.dumps(small.to_dict()))["kinds"][0]["share"] is None


def test_a_part_that_is_faster_is_told_beside_shares_above_the_whole(tmp_path):
    slow, fast = made.result(made.VGG, 6e-3, share=0.2), made.result(made.VGG, 4e-3, share=0.5)
    records = [
        cell_records(made.run(tmp_path, name, [one]))[made.VGG.id] for name, one in (("old", fast), ("new", slow))
    ]
    assert explain(*records).sentence.endswith(": 140 % of it backward, less 40 % by which forward is faster.")


def noisy(name, forward, backward):
    """A record of several processes: the phases' seconds in each."""

    def row(values):
        pooled = of_ratios(values)
        return {"value": pooled.value, "low": pooled.low, "high": pooled.high, "statistic": "p10"}

    rows = {"forward": row(forward), "backward": row(backward), "step": row(forward + backward)}
    return CellRecord("run", made.VGG if name == "slow" else made.LENET, "ok", rows, None, None, {})


@pytest.mark.parametrize("processes", [3, 6, 20])
def test_shares_that_are_printed_lie_within_the_error_that_is_told(processes):
    """A loss of 3 %, all of it backward, 1.2 % noise a phase: shares of 68 to 178 % were printed without a doubt."""
    random, wrong, printed = np.random.default_rng(processes), 0, 0
    for _ in range(300):
        fast, slow = (
            noisy(name, *(at * np.exp(random.normal(0, 0.012, processes)) for at in (4e-3, backward)))
            for name, backward in (("fast", 6e-3), ("slow", 6.3e-3))
        )
        explanation = explain(slow, fast)
        share = next(one.share for one in explanation.levels["phase"] if one.name == "backward")
        if share is None or explanation.slower != "vgg4":
            continue
        printed += 1
        note = next((note for note in explanation.notes if note.startswith("Each share may be off by")), "by 10 %")
        wrong += abs(share - 1) > float(note.partition("by ")[2].partition(" %")[0]) / 100
    assert wrong <= 0.1 * max(printed, 1) + 2
    assert printed > 100 * (processes > 3)


def test_a_cell_that_failed_is_refused(tmp_path):
    lost = made.run(tmp_path, "lost", [Result(made.VGG, "failed", "no reason"), made.result(made.LENET, 3e-3)])
    with pytest.raises(BenchError, match="has no step time"):
        explain(*cell_records(lost).values())


def test_a_step_that_took_no_time_is_refused(tmp_path):
    odd = made.run(tmp_path, "odd", [made.result(made.VGG, 0.0), made.result(made.LENET, 3e-3)])
    with pytest.raises(BenchError, match="has no step time"):
        explain(*cell_records(odd).values())


def test_a_record_takes_the_profile_of_whichever_result_has_it(tmp_path):
    results = [made.result(made.VGG, 6e-3), made.result(made.VGG, 6e-3, repeat=1, profile=made.profile())]
    (record,) = cell_records(made.run(tmp_path, "late", results)).values()
    assert record.profile == made.profile()
    assert record.operators is None


def test_what_spoke_against_the_times_is_said(tmp_path):
    warnings = (
        Warning("phases", "contended", 0.48, "the process had 48 % of its core"),
        Warning("relative cost", "faulting", 20.0, "20 page faults a step"),
    )
    slow = made.result(made.VGG, 9e-3, warnings=warnings)
    records = cell_records(made.run(tmp_path, "busy", [slow, made.result(made.LENET, 3e-3)]))
    assert "The times of vgg4 in run busy are doubtful: contended." in explain(*records.values()).notes


def test_code_of_a_users_own_is_told_by_its_file_and_not_as_an_axis(tmp_path):
    named = {text: {"text": text, "file": f"/home/{text}", "sha256": text[0] * 64} for text in ("a.py:Net", "b.py:Net")}
    cells = [Cell("Net", origins=(f"architecture={text}",)) for text in named]
    facts = {"origins": {f"architecture={text}": facts for text, facts in named.items()}}
    records = [
        next(iter(cell_records(made.run(tmp_path, name, [made.result(cell, step)], **facts)).values()))
        for name, cell, step in zip("xy", cells, (2e-3, 1e-3), strict=True)
    ]
    explanation = explain(*records)
    assert explanation.slower == "a.py:Net in run x"
    assert explanation.faster == "b.py:Net in run y"
    assert f"In run x a.py:Net was a.py:Net, SHA-256 {'a' * 12}." in explanation.notes
    wide = Cell("Net(width=2)", origins=("architecture=a.py:Net(width=2)",))
    other = next(iter(cell_records(made.run(tmp_path, "z", [made.result(wide, 1e-3)])).values()))
    assert explain(records[0], other).faster == "Net(width=2) in run z"
