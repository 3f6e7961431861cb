"""Remeasure: which are measured again together, which verdict is whose, and what stays undecided."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.compare.ab import Rules
from bench.compare.facts import SideFacts
from bench.compare.pairs import Side
from bench.compare.sides import Comparison, Revisions
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.regression.confirm import Group, Suspect, grouped
from bench.regression.remeasure import Confirmation, Remeasured, by_suspect, measured_again, remeasured
from bench.stats.interval import Interval
from bench.store.fingerprint import Fingerprint
from bench.store.summary import CellSummary
from bench.verdict.verdict import Anchor, Decision, Verdict


def suspect(name, revision="b" * 40, old="a" * 40, latest=None, **cell):
    return Suspect(
        CellSummary(cell=Cell(name, **cell), run="new", revision=revision),
        CellSummary(cell=Cell(name, **cell), run="old", revision=old),
        0.05,
        latest and CellSummary(cell=Cell(name, **cell), run="latest", revision=latest),
    )


def crept(suspected, risen=True):
    """The verdict on a suspect that has surely risen since its anchor."""
    return slow(
        suspected, tolerance=0.05, anchor=Anchor("old", "a" * 40, 9, Interval(1.08, 1.01, 1.15, 9), risen=risen)
    )


def decided(*verdicts, kind="ab", **more):
    return Decision(kind=kind, before="a", after="b", verdicts=verdicts, **more)


def slow(suspected, **fields):
    fields = {"verdict": "inconclusive", "suspect": True, "reason": "30 % slower", **fields}
    return Verdict(cell=suspected.new.id, metric="relative_cost", **fields)


def comparison_of(*names, threads=1):
    cells = [Cell(name, threads=threads) for name in names]
    sides = {cell.id: (Side(None, cell), Side(None, cell)) for cell in cells}
    return Comparison(before=SideFacts("a"), after=SideFacts("b"), sides=sides, system={})


def test_a_verdict_is_of_its_own_cell_although_another_s_name_begins_like_it():
    """The ids of the comparison hold its own threads, so a suspect cannot be looked up by its id."""
    group = Group([suspect("net", threads=2), suspect("net-wide", threads=2)])
    sides = comparison_of("net-wide", "net")
    verdicts = [Verdict(cell=name, metric="step", verdict="unchanged", reason=name) for name in sides.sides]
    again = by_suspect(decided(*verdicts), sides, group)
    assert {cell.partition("-sgd")[0]: verdict.reason.partition("-sgd")[0] for cell, verdict in again.items()} == {
        "net": "net",
        "net-wide": "net-wide",
    }
    assert set(again) == {one.new.id for one in group.suspects}


def test_only_a_suspect_is_replaced_whatever_its_reason_says():
    mine, other = suspect("mlp"), suspect("lenet5")
    verdict = Verdict(cell=mine.new.id, metric="step", verdict="regressed", reason="slower by 30 %")
    calm = slow(other, verdict="unchanged", suspect=False, reason="suspect: only in words")
    decision = decided(slow(mine), calm, kind="check")
    both = {mine.new.id: verdict, other.new.id: verdict}
    done = measured_again(decision, [mine], lambda *_: Remeasured(decided(verdict, seconds=40.0), both))
    assert [one.verdict for one in done.verdicts] == ["regressed", "unchanged"]
    assert done.verdicts[0].reason == "30 % slower; measured again side by side: slower by 30 %"
    assert not done.verdicts[0].suspect
    assert (done.seconds, done.exit_code) == (40.0, 1)


def test_cells_that_differ_in_their_architecture_alone_are_measured_together():
    groups = []

    def remeasure(group, number):
        groups.append((number, [one.new.cell.architecture for one in group.suspects]))
        return Remeasured(decided(), {one.new.id: slow(one) for one in group.suspects})

    suspects = [suspect("mlp"), suspect("mlp", batch_size=8), suspect("lenet5")]
    measured_again(decided(kind="check"), suspects, remeasure)
    assert groups == [(0, ["mlp", "lenet5"]), (1, ["mlp"])]


def test_an_anchor_with_changes_that_nobody_committed_is_no_reason_to_leave_another_out():
    """Both were measured at one revision, the one with changes, so that the new side's code differs from it alone."""
    clean = suspect("mlp", revision="a" * 40)
    changed = suspect("lenet5", revision="a" * 40)
    changed = replace(changed, old=replace(changed.old, dirty=True))
    groups = list(grouped([clean, changed]))
    assert [(group.names, group.is_same_code) for group in groups] == [(clean.new.id, True), (changed.new.id, False)]
    assert [bool(group.hopeless) for group in groups] == [True, False]


@pytest.mark.parametrize(
    ("revisions", "words"),
    [(("", "a"), "does not know the revision"), (("a", "a"), "both are the same revision")],
)
def test_what_cannot_be_told_is_not_measured(revisions, words):
    old, new = revisions
    mine = suspect("mlp", revision=new, old=old)
    done = measured_again(decided(slow(mine), kind="check"), [mine], lambda *_: pytest.fail("it was measured"))
    assert done.verdicts == (slow(mine),)
    assert words in done.notes[0]


def test_what_cannot_be_measured_stays_a_suspect_and_a_note_says_why():
    mine = suspect("mlp")

    def remeasure(group, number):
        raise BenchError("there is no such revision")

    done = measured_again(decided(slow(mine), kind="check"), [mine], remeasure)
    assert done.notes == (f"{mine.new.id} not measured again: there is no such revision",)
    assert done.verdicts[0].suspect
    done = measured_again(decided(slow(mine), kind="check"), [mine], lambda *_: Remeasured(decided(), {}))
    assert done.notes == (f"{mine.new.id} not measured again: only one of the two revisions has it",)


def beside(*outcomes):
    """Measures again: what happens beside each revision, in turn; a text is why it could not be."""
    seen, results = [], iter(outcomes)

    def remeasure(group, number):
        seen.append(group.reference[:1])
        outcome = next(results)
        if outcome in ("regressed", "unchanged"):
            (mine,) = group.suspects
            verdict = Verdict(cell=mine.new.id, metric="step", verdict=outcome, reason="side by side")
            return Remeasured(decided(verdict), {mine.new.id: verdict})
        raise BenchError(outcome)

    return remeasure, seen


def test_what_cannot_be_measured_keeps_no_other_from_it():
    mine, other = suspect("mlp", old=""), suspect("lenet5")
    remeasure, seen = beside("regressed")
    done = measured_again(decided(slow(mine), slow(other), kind="check"), [mine, other], remeasure)
    assert seen == ["a"]
    assert [verdict.verdict for verdict in done.verdicts] == ["inconclusive", "regressed"]
    assert len(done.notes) == 1


def test_a_suspect_is_measured_beside_the_anchor_and_the_verdict_keeps_the_change_since():
    mine = suspect("mlp", latest="c" * 40)
    remeasure, seen = beside("regressed")
    (verdict,) = measured_again(decided(crept(mine), kind="check"), [mine], remeasure).verdicts
    assert seen == ["a"]
    assert (verdict.verdict, verdict.anchor.ratio.value) == ("regressed", 1.08)


@pytest.mark.parametrize(
    ("outcome", "risen", "verdict"),
    [("regressed", True, "regressed"), ("unchanged", True, "inconclusive"), ("unchanged", False, "unchanged")],
)
def test_without_the_anchors_revision_the_last_accepted_one_cannot_acquit_what_crept(outcome, risen, verdict):
    mine = suspect("mlp", latest="c" * 40)
    remeasure, seen = beside("there is no such revision", outcome)
    done = measured_again(decided(crept(mine, risen), kind="check"), [mine], remeasure)
    assert seen == ["a", "c"]
    assert "not measured beside the anchor (there is no such revision)" in done.notes[0]
    assert "beside the last accepted revision cccccccccc, which" in done.notes[0]
    assert done.verdicts[0].verdict == verdict
    assert done.verdicts[0].anchor.run == "old"


def test_an_anchor_of_unknown_revision_falls_back_and_one_of_the_same_code_is_the_answer():
    unknown, same = suspect("mlp", old="", latest="c" * 40), suspect("mlp", old="b" * 40, latest="c" * 40)
    remeasure, seen = beside("unchanged")
    done = measured_again(decided(slow(unknown), kind="check"), [unknown], remeasure)
    assert (seen, done.verdicts[0].verdict) == (["c"], "unchanged")
    assert "does not know the revision" in done.notes[0]
    done = measured_again(decided(slow(same), kind="check"), [same], lambda *_: pytest.fail("it was measured"))
    assert "both are the same revision" in done.notes[0]


def test_where_neither_can_be_measured_both_reasons_are_told():
    mine = suspect("mlp", latest="c" * 40)
    remeasure, _ = beside("no revision a", "no revision c")
    done = measured_again(decided(slow(mine), kind="check"), [mine], remeasure)
    assert done.notes == (
        f"{mine.new.id} not measured again: no revision a; nor beside the last accepted run: no revision c",
    )
    assert done.verdicts[0].suspect


@pytest.fixture
def compared(monkeypatch):
    """Measures a group again, the sides and the comparison alone replaced; what these were called with."""
    calls = []

    def run(group, sides=None, record=None, **more):
        @contextmanager
        def opened(between, plan, *, chosen):
            calls.append((between, plan, chosen))
            yield sides or comparison_of(*(each.new.cell.architecture for each in group.suspects))

        def compare(comparison, plan, rules, tell, began):
            calls.append(rules)
            return decided(*(Verdict(cell=cell, metric="step", verdict="unchanged") for cell in comparison.sides))

        monkeypatch.setattr("bench.regression.remeasure.revisions", opened)
        monkeypatch.setattr("bench.regression.remeasure.compare", compare)
        rules = Rules(tolerance=0.3, record=record)
        again = remeasured(group, Confirmation(repo=Path("repo"), rules=rules, **more), 1, lambda *_: None)
        (between, plan, chosen), used = calls
        assert chosen
        assert set(again.verdicts) == {each.new.id for each in group.suspects}
        return between, plan, used

    return run


def test_a_group_is_measured_as_its_cost_was_beside_its_anchor_and_recorded_by_its_number(compared):
    mine = suspect("mlp", batch_size=8, threads=2, learning_rate=0.5)
    mine = replace(mine, new=replace(mine.new, machine=Fingerprint({"threads": 1})))
    between, plan, rules = compared(Group([mine]), record=Path("out/log.jsonl"), budget=60.0, data_dir="data")
    assert between == Revisions(Path("repo"), "a" * 40, "b" * 40)
    assert (plan.architectures, plan.batch_sizes, plan.threads, plan.learning_rates) == (("mlp",), (8,), (1,), (0.5,))
    assert (plan.budget, plan.data_dir) == (60.0, "data")
    assert (rules.record, rules.tolerance) == (Path("out/log-2.jsonl"), 0.05)  # the suspect's own


@pytest.mark.parametrize("changes", [{"dirty": True}, {"revision": ""}])
def test_code_that_no_revision_has_is_measured_as_it_lies_there(compared, changes):
    mine = suspect("mlp")
    between, _, rules = compared(Group([replace(mine, new=replace(mine.new, **changes))]))
    assert (between.second, rules.record) == (None, None)


def test_a_cell_that_no_side_can_run_is_told_with_both(compared):
    with pytest.raises(BenchError, match=r"^no cell is in both a and b$"):
        compared(Group([suspect("mlp")]), sides=comparison_of())
    broken = replace(comparison_of(), broken=("mlp: it fails", "lenet5: so does it"))
    with pytest.raises(BenchError, match=r"^mlp: it fails; lenet5: so does it$"):
        compared(Group([suspect("mlp")]), sides=broken)
