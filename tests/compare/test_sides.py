"""Sides: which cells are on which side, and what is refused before anything is timed."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.compare import capabilities, sides
from bench.compare.checkout import Tree
from bench.compare.facts import SideFacts
from bench.compare.pairs import Side
from bench.compare.sides import Comparison
from bench.errors import BenchError, NotComparableError
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan

OPTIMIZER = {"implementations": ["default"], "unsupported": {"cpu": {}}, "needs_closure": False}
FIELDS = tuple(Cell.__dataclass_fields__)
PLAN = Plan(architectures=("*",), optimizers=("sgd",), threads=(1,))


def having(*architectures, cell_fields=FIELDS, problems=(), optimizers=("sgd", "adam"), module="architectures.x"):
    catalogue = Catalogue(
        architectures={name: {"module": module} for name in architectures},
        optimizers=dict.fromkeys(optimizers, OPTIMIZER),
        datasets={"mnist": {"train": 60000}},
        normalizations=("unit",),
        devices={"cpu": DeviceFacts("cpu", on_host=True)},
        usable_cores=2,
        problems=problems,
    )
    return capabilities.Capabilities(catalogue, cell_fields, {})


def names(cells):
    return [cell.architecture for cell in cells]


def test_each_side_has_its_own_cells():
    old, new = having("mlp", "gone"), having("mlp", "fresh")
    assert names(capabilities.cells_of(PLAN, [old, new])) == ["mlp", "gone"]
    assert names(capabilities.cells_of(PLAN, [new, old])) == ["mlp", "fresh"]


def test_what_only_the_other_side_has_is_passed_over_and_what_none_has_is_an_error():
    old, new = having("mlp"), having("mlp", "fresh")
    plan = Plan(architectures=("fresh",), threads=(1,))
    assert capabilities.cells_of(plan, [old, new]) == ()
    assert names(capabilities.cells_of(plan, [new, old])) == ["fresh"]
    with pytest.raises(BenchError, match=r"unknown architecture 'frehs': did you mean 'fresh'"):
        capabilities.cells_of(Plan(architectures=("frehs",), threads=(1,)), [old, new])


def test_an_optimizer_of_one_side_alone():
    old, new = having("mlp", optimizers=("sgd",)), having("mlp")
    plan = Plan(architectures=("mlp",), optimizers=("adam",), threads=(1,))
    assert capabilities.cells_of(plan, [old, new]) == ()
    assert len(capabilities.cells_of(plan, [new, old])) == 1


def test_a_revision_that_knows_no_such_field_is_not_comparable():
    old = having("mlp", cell_fields=tuple(name for name in FIELDS if name != "learning_rate"))
    capabilities.check_fields([Cell("mlp")], old, "HEAD~9")
    with pytest.raises(NotComparableError, match="HEAD~9 knows no learning rate: leave it at its default"):
        capabilities.check_fields([Cell("mlp", learning_rate=0.5)], old, "HEAD~9")


def test_a_cell_is_a_name_and_what_differs_from_the_plan():
    catalogue = having("mlp", "lenet5").catalogue
    plan = Plan(architectures=("mlp",), batch_sizes=(32,), threads=(1,))
    assert capabilities.one_cell("lenet5", plan, catalogue) == Cell("lenet5", batch_size=32)
    assert capabilities.one_cell(Cell("mlp", seed=3).id, plan, catalogue) == Cell("mlp", seed=3)
    named = capabilities.fields_of_cell("mlp,dataset=folder:my, photos:3x8x8,optimizer=adam")
    assert named == {"architectures": ("mlp",), "datasets": ("folder:my, photos:3x8x8",), "optimizers": ("adam",)}
    cell = capabilities.one_cell("lenet5,optimizer=adam,batch_size=128", plan, catalogue)
    assert cell == Cell("lenet5", optimizer="adam", batch_size=128)


def test_a_pair_is_of_steps_of_one_process():
    known = having("mlp")
    plan = Plan(architectures=("mlp",), threads=(1,), world_sizes=(1, 2))
    assert capabilities.cells_of(plan, [known, known]) == (Cell("mlp"),)  # a suite may have others too
    with pytest.raises(BenchError, match="trains in several processes, and a pair compares steps of one process"):
        capabilities.one_cell(Cell("mlp", batch_size=128, world_size=2).id, plan, known.catalogue)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lenet6", "unknown architecture 'lenet6'"),
        ("lenet5,optimiser=adam", "key=value with a key of architecture, optimizer"),
        ("lenet5,adam", "not 'adam'"),
        ("lenet5,batch_size=many", "takes a whole number, not 'many'"),
        ("*", "is 2 cells"),
        ("lenet5,threads=64", "more than the 2 cores"),
    ],
)
def test_a_mistake_in_a_cell(text, words):
    with pytest.raises(BenchError, match=words):
        capabilities.one_cell(text, PLAN, having("mlp", "lenet5").catalogue)


def test_threads_of_a_setting_are_those_of_its_cell():
    assert capabilities.with_threads(Cell("mlp"), {"OMP_NUM_THREADS": "2"}, cores=2).threads == 2
    assert capabilities.with_threads(Cell("mlp"), {}, cores=2).threads == 1
    for wrong in ("3", "0", "many"):
        with pytest.raises(BenchError, match=f"OMP_NUM_THREADS={wrong}"):
            capabilities.with_threads(Cell("mlp"), {"OMP_NUM_THREADS": wrong}, cores=2)


def test_the_metric_follows_the_batch_sizes():
    def of(*sizes):
        sides = {"x": tuple(Side(None, Cell("mlp", batch_size=size)) for size in sizes)}
        return Comparison(before=SideFacts("a"), after=SideFacts("b"), sides=sides, system={}).metric

    assert of(64, 64) == "step"
    assert of(64, 128) == "seconds_per_image"


def test_a_catalogue_is_asked_for_what_two_cells_name_too():
    cells = ["my.py:Net(width=1),dataset=npz:x.npz", "debug,loss=my.py:loss"]
    plan = sides._with_texts(Plan(architectures=("mlp",)), *cells)
    assert plan.architectures == ("mlp", "my.py:Net(width=1)", "debug")
    assert plan.datasets == ("mnist", "npz:x.npz")
    assert plan.losses == ("cross_entropy", "my.py:loss")
    assert plan.optimizers == ("sgd",)


def test_a_setting_that_leads_to_other_packages_tells_both_versions(monkeypatch):
    installed = {"A": {"torch": "2.13.0"}, "B": {"torch": "2.14.1"}, "same": {"torch": "2.14.1"}}

    def compared(first, second):
        answers = iter([first, second])
        monkeypatch.setattr(sides, "TreeClient", lambda *_, **__: nullcontext())
        monkeypatch.setattr(
            sides, "capabilities_of", lambda *_: replace(having("mlp"), installed=installed[next(answers)])
        )
        with sides.environments({"A": {"PYTHONPATH": "old"}}, Plan(architectures=("mlp",), threads=(1,))) as comparison:
            return comparison.before.installed, comparison.after.installed

    assert compared("A", "B") == ({"torch": "2.13.0"}, {"torch": "2.14.1"})
    assert compared("same", "B") == ({}, {})  # a setting alone is no other interpreter


@pytest.fixture
def environments(monkeypatch):
    """Has two environments answer so, an error where one cannot; yields the comparison."""

    def compared(before, after, changes, inject=0.0):
        answers = {"environment A": before, "environment B": after}

        def ask(host, _):
            if isinstance(answers[host], Exception):
                raise answers[host]
            return answers[host]

        monkeypatch.setattr(sides, "TreeClient", lambda label, *_: nullcontext(label))
        monkeypatch.setattr(sides, "capabilities_of", ask)
        plan = Plan(architectures=("mlp",), threads=(1,), data_dir="/data")
        return sides.environments(changes, plan, inject)

    return compared


def test_each_environment_has_its_threads_and_only_the_second_is_slowed(environments):
    known = having("mlp", problems=("plug-in 'x' is left out",))
    changes = {"A": {"X": "1", "Y": "2"}, "B": {"OMP_NUM_THREADS": "2"}}
    with environments(known, known, changes, 0.1) as comparison:
        assert (comparison.before.label, comparison.after.label) == ("A: X=1 Y=2", "B: OMP_NUM_THREADS=2")
        ((before, after),) = comparison.sides.values()
        assert (before.starter, before.cell.threads, before.inject) == ("environment A", 1, 0.0)
        assert (after.starter, after.cell.threads, after.inject) == ("environment B", 2, 0.1)
        assert before.data_dir == after.data_dir == "/data"
        assert comparison.notes == ("the second side is made 10 % slower by --inject", "plug-in 'x' is left out")


def test_an_environment_that_cannot_say_what_it_has_is_told_no_versions(environments):
    """Its cells fail, which says more than a list without an end of packages that are gone."""
    known = replace(having("mlp"), installed={"torch": "2.14.1"})
    with environments(known, BenchError("environment B: no torch"), {"B": {"PYTHONPATH": "x"}}) as comparison:
        assert comparison.before.installed == comparison.after.installed == {}
        assert len(comparison.sides) == 1
    with environments(known, replace(known, installed={"torch": "2.13.0"}), {}) as comparison:
        assert (comparison.before.label, comparison.before.installed) == ("A: as it is", {"torch": "2.14.1"})
        assert (comparison.after.label, comparison.after.installed) == ("B: as it is", {"torch": "2.13.0"})


def trees(first, second, *changes):
    """Two trees of these revisions, the second one changed so."""
    here = Path("/x")
    return Tree("base", (here,), first, here), Tree("head", (here,), second, here, changes)


@pytest.mark.parametrize(
    ("changes", "shown"), [("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c, ..."), ("abcde", "a, b, c, ...")]
)
def test_three_changed_files_are_named(changes, shown):
    (note,) = sides.notes_on(trees("1", "1", *changes), 0.0)
    assert note == f"the working tree is measured as it is, with changes that are not committed: {shown}"


def test_one_revision_twice_is_told_and_two_are_not():
    assert sides.notes_on(trees("1", "1"), 0.0) == ("both sides are the same revision: any difference is noise",)
    assert sides.notes_on(trees("1", "2"), 0.0) == ()
    assert sides.notes_on(trees("1", "2"), 0.05) == ("the second side is made 5 % slower by --inject",)


def test_fresh_servers_are_ready_on_both_sides_before_anything_is_asked():
    events = []

    class Host:
        def __init__(self, name):
            self.name = name

        def renew(self):
            events.append(("renew", self.name))

        def wait_until_ready(self):
            events.append(("ready", self.name))

    Comparison(SideFacts("a"), SideFacts("b"), {}, {}, hosts=(Host("a"), Host("b"))).renew()
    assert events == [("renew", "a"), ("renew", "b"), ("ready", "a"), ("ready", "b")]


def test_a_side_is_asked_for_the_first_device_and_what_is_named_by_origin(monkeypatch):
    asked = []
    host = SimpleNamespace(label="base (1)", wait_until_ready=lambda: None)
    catalogue = {
        "architectures": {}, "optimizers": {}, "datasets": {}, "normalizations": ["unit"],
        "devices": {"cpu": {"kind": "cpu"}}, "usable_cores": 2, "problems": ["x"], "of_later": 1,
    }  # fmt: skip
    answer = {"catalogue": catalogue, "cell_fields": list(FIELDS), "system": {"cpu": "x"}}

    def ask(starter, entry, task_of, patience):
        asked.append(task_of({}))
        return {"about": answer}

    monkeypatch.setattr(capabilities, "ask", ask)
    plan = Plan(architectures=("mlp", "my.py:Net"), devices=("cuda:1",), threads=(2, 4), datasets=("synthetic",))
    known = capabilities.capabilities_of(host, plan)
    ((task),) = asked
    assert (task["device"], task["threads"], task["datasets"]) == ("cuda:1", 2, ["synthetic"])
    assert task["origins"]["architectures"] == ["my.py:Net"]
    assert (known.catalogue.normalizations, known.problems) == (("unit",), ("x",))
    assert known.catalogue.devices == {"cpu": DeviceFacts("cpu")}
    assert (known.cell_fields, known.system, known.entries, known.installed) == (FIELDS, {"cpu": "x"}, (), {})
    monkeypatch.setattr(capabilities, "ask", lambda *_: {"failed": "KeyError: 'x'"})
    with pytest.raises(BenchError, match=r"^base \(1\): KeyError: 'x'$"):
        capabilities.capabilities_of(host, plan)


def test_a_comma_may_stand_in_a_path_of_any_pair():
    named = capabilities.fields_of_cell("mlp,optimizer=adam,dataset=npz:a, b, c.npz,batch_size=8")
    assert (named["datasets"], named["batch_sizes"]) == (("npz:a, b, c.npz",), (8,))
