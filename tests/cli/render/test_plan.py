"""The plan of a dry run: nouns agree with their numbers."""

import pytest

from bench.cli.render.plan import print_plan
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
