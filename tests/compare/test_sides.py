"""Sides: which cells are on which side, and what is refused before anything is timed."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from bench.compare import capabilities, sides
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
