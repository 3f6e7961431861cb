"""The plan of a dry run: nouns agree with their numbers, and a forecast says what it cannot know."""

import pytest

from bench.cli.render.plan import announcement, print_plan
from bench.plan.cell import Cell
from bench.plan.grid import Grid
from bench.plan.plan import Plan
from bench.session.observer import Work


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "1 trial, then 1 cell x 1 repeat, 1 block, 1 epoch"),
        (2, "2 trials, then 2 cells x 2 repeats, 2 blocks, 2 epochs"),
    ],
)
def test_nouns_agree_with_their_numbers(capsys, number, line):
    cells = tuple(Cell("mlp", seed=seed) for seed in range(number))
    plan = Plan(repeats=number, blocks=number, epochs=number)
    print_plan(Work(plan, None, Grid(cells, ()), cells, 1.0), as_json=False)
    assert capsys.readouterr().out.splitlines()[-2] == line


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({}, ""),
        ({"until": 0.9}, ", less where training ends at its target"),
        ({"targets": ("mlp=97%",)}, ", less where training ends at its target"),
        ({"targets": ("lenet5=97%",)}, ""),  # of a net that is not measured
        ({"until": 0.9, "epochs": 0}, ""),
    ],
)
def test_a_forecast_says_that_a_target_may_end_it_sooner(capsys, fields, ends):
    cells = (Cell("mlp"),)
    work = Work(Plan(**{"epochs": 1, **fields}), None, Grid(cells, ()), (), 60.0)
    print_plan(work, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1] == f"about 1 min 0 s{ends}"
    assert announcement(work).endswith(f", about 1 min 0 s{ends}")
