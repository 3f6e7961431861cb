"""One id for one configuration: `show`, `explain`, baselines, `check` and budgets agree, however many seeds it has."""

import json
from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from tests.explain import made

VGG, LENET = made.VGG.id, made.LENET.id


@pytest.fixture(params=[[3], [0], [3, 4]], ids=str)
def recorded_seeds(request, tmp_path):
    """A run of two architectures, each under these seeds."""
    cells = [(replace(cell, seed=seed), step) for seed in request.param for cell, step in _STEPS.items()]
    results = [made.result(cell, step, profile=made.profile()) for cell, step in cells]
    made.run(tmp_path / "results", "mine", results, plan={"seeds": request.param}, started="2026-01-01")


_STEPS: dict[Cell, float] = {made.VGG: 9e-3, made.LENET: 3e-3}


def test_one_id_everywhere(recorded_seeds, typed):
    rows = [line.split()[0] for line in typed("show", "mine", "--wide").stdout.splitlines()[1:3]]
    document = json.loads(typed("show", "mine", "--json").stdout)
    assert set(rows) == {row["id"] for row in document["configurations"]} == {VGG, LENET}

    explained = typed("explain", VGG, LENET, "--run", "mine")
    assert explained.returncode == 0, explained.stderr
    assert typed("explain", "vgg4", "lenet5", "--run", "mine").stdout == explained.stdout

    assert typed("baseline", "save", "mine").returncode == 0
    accepted = typed("baseline", "show", "main", "--json")
    assert {Cell.from_dict(part["cell"]).id for part in json.loads(accepted.stdout)["summaries"]} == {VGG, LENET}
    decided = json.loads(typed("check", "mine", "--json").stdout)
    assert {verdict["cell"] for verdict in decided["verdicts"]} == {VGG, LENET}


def test_a_budget_under_the_id_that_is_shown_holds_the_configuration(recorded_seeds, typed, tmp_path):
    shown = {line.split()[0] for line in typed("show", "mine", "--wide").stdout.splitlines()[1:3]}
    (name,) = [name for name in shown if name.startswith("vgg4")]
    (tmp_path / "mine.toml").write_text(f'[cells."{name}".budgets]\nstep = 0.001\n')
    typed("baseline", "save", "mine")
    decided = json.loads(typed("check", "mine", "--tolerances", "mine.toml", "--json").stdout)
    assert [(verdict["cell"], verdict["verdict"]) for verdict in decided["verdicts"] if verdict["limit"]] == [
        (name, "regressed")
    ]
