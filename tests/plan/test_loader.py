"""Cells that are loaded: how loaders are named, and what goes with none but resident images."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.cell_id import cell_of_id
from bench.plan.command import command_of, comparison_of
from bench.plan.grid import expand
from bench.plan.loader import loads, workers_of
from bench.plan.plan import Plan, parse, plan_from
from bench.plan.short_names import short_names

PLAN = Plan(architectures=("mlp",), loaders=("resident", "dataloader", "transforms_2"))


def test_each_loader_is_a_cell_and_one_with_too_many_processes_is_left_out_with_the_reason(catalogue):
    grid = expand(replace(PLAN, loaders=(*PLAN.loaders, "crops_3")), catalogue())
    assert [cell.loader for cell in grid.cells] == ["resident", "dataloader", "transforms_2"]
    assert [(cell.loader, why) for cell, why in grid.skipped] == [
        ("crops_3", "3 processes to load are more than the 2 cores usable here: no crops_3 (--loaders resident)")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modes": ("cuda_graph",), "devices": ("cuda",)}, "a captured step reads its batch where it lies"),
        ({"world_sizes": (2,), "threads": (1,)}, "several ranks take their shares"),
        ({"engines": ("eager",)}, "an engine answers from resident images"),
    ],
)
def test_what_takes_resident_images_goes_with_no_loader(catalogue, changes, words):
    from tests.plan.conftest import facts_of

    known = catalogue(devices=facts_of("cpu", "cuda:0"))
    with pytest.raises(BenchError, match=words):
        expand(replace(PLAN, loaders=("dataloader",), **changes), known)
    assert expand(replace(PLAN, loaders=("resident",), **changes), known).cells


@pytest.mark.parametrize("text", ["loader", "dataloader_0", "resident_1", "dataloader_", "transforms_100", "crops_1 "])
def test_another_word_is_refused_with_those_that_there_are(text):
    with pytest.raises(BenchError, match=r"--loaders takes resident, or dataloader, transforms, crops, with _N"):
        parse("loaders", text)


def test_ids_names_and_commands_say_the_loader_and_a_comparison_is_of_resident_steps():
    cells = [Cell("mlp"), Cell("mlp", loader="crops_2", split="validation", seed=3)]
    assert [cell_of_id(cell.id) for cell in cells] == cells
    assert cells[0].id == "mlp-sgd-mnist-b64-cpu-t1"
    assert short_names([Cell("mlp"), Cell("mlp", loader="crops_1")])[1].endswith("crops, 1 worker")
    assert "--loaders crops_2" in command_of(cells[1], Plan().to_dict())
    assert "loader" not in (comparison_of(cells[1], ["main"]) or "")


def test_the_suite_has_every_kind_with_none_to_two_processes():
    loaders = plan_from({"suite": "loaders"}).loaders
    assert {workers_of(loader) for loader in loaders} == {0, 1, 2}
    assert [loads(Cell("mlp", loader=loader)) for loader in loaders] == [False, *[True] * 9]
