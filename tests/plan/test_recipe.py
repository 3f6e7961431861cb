"""Recipe: what makes no sense together is said beforehand."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.plan.recipe import unfit_for_recipe

CELL = Cell("mlp")


@pytest.mark.parametrize(
    ("fields", "closure", "remedy"),
    [
        ({"clip_norm": 1.0}, True, "--clip-norms 0"),
        ({"clip_norm": 1.0, "mode": "cuda_graph"}, False, "--clip-norms 0"),
        ({"average": "swa", "mode": "cuda_graph"}, False, "--averages none"),
        ({"initialization": "whitened", "dtype": "pure_bfloat16"}, False, "--initializations default"),
        ({"test_augmentation": "flip", "world_size": 2}, False, "--test-augmentations none"),
    ],
)
def test_what_makes_no_sense_has_its_reason_and_its_remedy(fields, closure, remedy):
    cell = replace(CELL, **fields)
    assert f"({remedy})" in unfit_for_recipe(cell, needs_closure=closure)
    for name in fields:
        rest = replace(cell, **{name: getattr(CELL, name)})
        assert unfit_for_recipe(rest, needs_closure=closure and name != "clip_norm") is None
