"""Broken: revisions that lack a package, or whose package cannot be installed or imported, and what is said of it."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench.compare import ab, broken, sides
from bench.compare.ab import Rules, compare
from bench.compare.broken import WHOLE
from bench.compare.capabilities import Capabilities
from bench.compare.checkout import Tree
from bench.compare.sides import Revisions
from bench.errors import BenchError
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process.tree_client import TreeError
from bench.verdict.markdown import markdown

PLAN = Plan(architectures=("mlp",), optimizers=("sgd",), threads=(1,))
OPTIMIZER = {"implementations": ["default"], "unsupported": {"cpu": {}}, "needs_closure": False}
CAUSE = "ImportError: cannot import name 'registerr' from 'architectures' (my_nets/nets.py, line 3)"


def having(*own, package="my-nets", wrong=()):
    """What a revision says whose package has these nets, in an environment that has another plug-in installed."""
    nets = {name: {"module": "my_nets.nets", "registered_by": package} for name in own}
    others = {"mlp": {"module": "architectures.mlp", "registered_by": ""}, "theirs": {"registered_by": "other-nets"}}
    catalogue = Catalogue(
        architectures={**others, **nets},
        optimizers={"sgd": OPTIMIZER},
        datasets={"mnist": {"train": 60000}},
        normalizations=("unit",),
        devices={"cpu": DeviceFacts("cpu", on_host=True)},
        usable_cores=2,
        problems=tuple(f"plug-in '{name}' of {package} is left out: {why}" for name, why in wrong),
        broken=tuple({"plugin": name, "package": package, "reason": why} for name, why in wrong),
    )
    return Capabilities(catalogue, tuple(Cell.__dataclass_fields__), {"cpu": "x"})


@pytest.fixture
def compared(monkeypatch, tmp_path):
    """Compares two revisions of which these are told, without a checkout or a worker: the decision."""

    def run(before, after, *, trees=({}, {}), plan=PLAN, chosen=False):
        answers = dict(zip(("base (1)", "HEAD (2)"), (before, after), strict=True))

        def ask(host, asked):
            answer = answers[host.label]
            if isinstance(answer, Exception):
                raise answer
            return answer(asked) if callable(answer) else answer

        class Host(SimpleNamespace):
            def __init__(self, label, *_, **__):
                super().__init__(label=label)

            __enter__ = lambda self: self  # noqa: E731
            __exit__ = lambda *_: None  # noqa: E731

        def checked_out(*_, **__):
            defaults = {"revision": "1", "base": tmp_path, "paths": (tmp_path / "site",), "packages": ("my-nets",)}
            return [Tree(**{**defaults, "label": name, **tree}) for name, tree in zip(answers, trees, strict=True)]

        monkeypatch.setattr(broken, "capabilities_of", ask)
        monkeypatch.setattr(sides, "TreeClient", Host)
        monkeypatch.setattr(sides, "_trees", lambda *_: nullcontext(checked_out()))
        measured = []
        monkeypatch.setattr(ab, "note_sameness", lambda comparison, *_, **__: measured.extend(comparison.sides))
        with sides.revisions(Revisions(tmp_path, "base"), plan, chosen=chosen) as comparison:
            if comparison.sides:
                return comparison
            decision = compare(comparison, plan, Rules(), lambda *_: None)
        assert measured == []
        return decision

    return run


def words(decision):
    return [(verdict.cell.partition("-")[0], verdict.verdict) for verdict in decision.verdicts]


NO_PACKAGE = {"packages": ()}


def test_the_first_pull_request_passes_and_says_that_there_is_nothing_to_compare(compared):
    """The base has no package; the one that is installed is that of HEAD, and lends the base nothing."""
    decision = compared(having("my_net", "my_mlp"), having("my_net", "my_mlp"), trees=(NO_PACKAGE, {}))
    assert words(decision) == [("my_net", "new"), ("my_mlp", "new")]
    assert (decision.overall, decision.exit_code) == ("pass", 0)
    assert markdown(decision).startswith(
        "### Nothing to compare: HEAD (2) against base (1)\n\n2 new, nothing to compare"
    )


def test_a_net_that_was_chosen_and_is_new_is_no_mistake(compared):
    plan = replace(PLAN, architectures=("my_linear",))
    decision = compared(having("my_net"), having("my_net", "my_linear"), plan=plan, chosen=True)
    assert words(decision) == [("my_linear", "new")]
    assert decision.exit_code == 0
    lent = compared(having("my_linear"), having("my_linear"), trees=(NO_PACKAGE, {}), plan=plan, chosen=True)
    assert words(lent) == [("my_linear", "new")]
    with pytest.raises(BenchError, match="unknown architecture 'my_linaer': did you mean 'my_linear'"):
        compared(
            having("my_linear"), having("my_linear"), plan=replace(plan, architectures=("my_linaer",)), chosen=True
        )


def test_nets_of_other_packages_are_not_measured(compared):
    comparison = compared(having("my_net"), having("my_net", "my_mlp"))
    assert [cell.partition("-")[0] for cell in comparison.sides] == ["my_net"]
    assert [verdict.cell.partition("-")[0] for verdict in comparison.unmatched] == ["my_mlp"]
    assert comparison.notes == ("both sides are the same revision: any difference is noise",)
    ((before, after),) = comparison.sides.values()
    assert (before.inject, after.inject) == (0.0, 0.0)


def test_a_net_that_is_renamed_is_missing_and_new(compared):
    decision = compared(having("my_net"), having("my_network"))
    assert words(decision) == [("my_network", "new"), ("my_net", "missing")]
    assert decision.exit_code == 4


def test_a_head_that_cannot_be_imported_is_lost_with_its_cause_in_a_line(compared):
    decision = compared(having("my_net"), having(wrong=[("mine", CAUSE)]))
    lost, missing = decision.verdicts
    assert (lost.cell, lost.metric, lost.verdict) == ("plug-in 'mine' of my-nets", "import", "failed")
    assert lost.reason == f"it cannot be imported at HEAD (2): {CAUSE}"
    assert missing.verdict == "missing"
    assert decision.exit_code == 1
    assert not any("left out" in note for note in decision.notes)  # it is said once


@pytest.mark.parametrize("chosen", [True, False])
def test_what_was_chosen_may_be_part_of_what_is_broken(compared, chosen):
    plan = replace(PLAN, architectures=("my_net",))
    decision = compared(having("my_net"), having(wrong=[("mine", CAUSE)]), plan=plan, chosen=chosen)
    assert decision.exit_code == 1
    assert compared(having(), having(wrong=[("mine", CAUSE)]), plan=plan, chosen=chosen).exit_code == 1


def test_a_base_that_cannot_be_imported_is_told_and_the_rest_judged(compared):
    decision = compared(having(wrong=[("mine", CAUSE)]), having("my_net"))
    assert words(decision) == [("my_net", "new")]
    assert decision.exit_code == 0
    note = f"plug-in 'mine' of my-nets cannot be imported at base (1): {CAUSE}"
    assert any(line.startswith(note) for line in decision.notes)


def test_what_is_broken_on_both_sides_is_no_loss_and_no_pass(compared):
    decision = compared(having(wrong=[("mine", "ImportError: old")]), having(wrong=[("mine", CAUSE)]))
    (verdict,) = decision.verdicts
    assert verdict.verdict == "not comparable"
    assert CAUSE in verdict.reason
    assert "ImportError: old" in verdict.reason
    assert decision.exit_code == 4


@pytest.mark.parametrize(
    ("before", "after", "code", "cause"),
    [
        ({}, {"trouble": "cannot be installed: no"}, 1, "it cannot be installed at HEAD (2): no"),
        ({"trouble": "cannot be installed: no"}, {}, 0, ""),
        ({"trouble": "cannot be installed: no"}, {"trouble": "cannot be installed: too"}, 4, "at HEAD (2): too"),
    ],
)
def test_a_package_that_cannot_be_installed(compared, before, after, code, cause):
    decision = compared(having("my_net"), having("my_net"), trees=(before, after))
    assert decision.exit_code == code
    assert cause in decision.verdicts[0].reason
    assert decision.verdicts[0].cell == (WHOLE if cause else decision.verdicts[0].cell)


def test_a_revision_whose_import_ends_the_process_is_broken_too(compared):
    """As that of this suite itself, or of a plug-in that crashes where it is imported."""
    crash = TreeError("HEAD (2) does not say what it has: the worker was ended by SIGSEGV; see the messages above")
    decision = compared(having("my_net"), crash)
    assert decision.exit_code == 1
    assert "the worker was ended by SIGSEGV" in decision.verdicts[0].reason


def test_a_file_that_was_named_and_is_new_is_compared_with_nothing(compared):
    plan = replace(PLAN, architectures=("my_nets.py:Net", "mlp"))

    def lacking(asked):
        if "my_nets.py:Net" in asked.architectures:
            raise BenchError("base (1): cannot read my_nets.py: No such file or directory; check the path")
        return having()

    named = having()
    net = {
        "Net": {"module": "my_nets", "registered_by": "", "origin": {"text": "my_nets.py:Net", "file": "my_nets.py"}}
    }
    catalogue = replace(named.catalogue, architectures={**named.catalogue.architectures, **net})
    comparison = compared(lacking, replace(named, catalogue=catalogue), plan=plan, chosen=True)
    assert "my_nets.py:Net is not there at base (1); its nets have nothing to be compared with" in comparison.notes
    assert [cell.partition("-")[0] for cell in comparison.sides] == ["mlp"]
    assert [(verdict.cell.partition("-")[0], verdict.verdict) for verdict in comparison.unmatched] == [("Net", "new")]
    lost = compared(replace(named, catalogue=catalogue), lacking, plan=plan, chosen=True)
    assert {verdict.verdict for verdict in lost.unmatched} == {"failed", "missing"}
    with pytest.raises(BenchError, match="cannot read my_nets"):  # a mistake in the command
        compared(lacking, lacking, plan=plan, chosen=True)


def test_whether_a_file_is_there_is_seen_in_the_tree_of_its_side(compared, tmp_path):
    for folder in "ab":
        (tmp_path / folder).mkdir()
    (tmp_path / "b" / "new.py").touch()
    (tmp_path / "a" / "gone.py").touch()
    trees = ({"base": tmp_path / "a"}, {"base": tmp_path / "b"})

    def lacking(*names):
        def ask(asked):
            if missing := [name for name in names if name in asked.architectures]:
                raise BenchError(f"cannot read {missing[0]}")
            return having()

        return ask

    plan = replace(PLAN, architectures=("new.py:Net", "gone.py:Net", "mlp"))
    comparison = compared(lacking("new.py:Net"), lacking("gone.py:Net"), plan=plan, chosen=True, trees=trees)
    assert "new.py:Net is not there at base (1); its nets have nothing to be compared with" in comparison.notes
    assert [verdict.reason for verdict in comparison.unmatched] == ["it is not there at HEAD (2)"]
    with pytest.raises(BenchError, match=r"^HEAD \(2\): cannot read new.py:Net$"):
        compared(lacking("new.py:Net"), lacking("new.py:Net"), plan=plan, chosen=True, trees=trees)


def test_a_file_that_was_named_and_cannot_be_imported_is_told_in_one_sentence(compared, tmp_path):
    (tmp_path / "my_nets.py").touch()
    plan = replace(PLAN, architectures=("my_nets.py:Net", "mlp"))

    def broken_file(asked):
        if "my_nets.py:Net" in asked.architectures:
            raise BenchError("HEAD (2): 'my_nets.py:Net' cannot be imported: NameError: no (my_nets.py, line 1)")
        return having()

    (lost, *_) = compared(having(), broken_file, plan=plan, chosen=True).unmatched
    assert lost.cell == "my_nets.py:Net"
    assert lost.reason == "it cannot be imported at HEAD (2): NameError: no (my_nets.py, line 1)"


def test_a_package_without_nets_is_told(compared):
    with pytest.raises(BenchError, match=r"HEAD \(2\) registers no architecture"):
        compared(having(), having())
