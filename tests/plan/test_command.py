"""The command of a cell: typed into the command line, it gives that cell alone, under the same settings."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.parser.main import build_parser
from bench.plan.cell import Cell
from bench.plan.command import command_of, flags_of
from bench.plan.grid import expand
from bench.plan.plan import DTYPES, MEMORY_FORMATS, SETTINGS, Plan, flag, plan_from

CELLS = st.builds(
    Cell,
    architecture=st.sampled_from(["debug", "mlp", "vgg4"]),
    optimizer=st.sampled_from(["sgd", "adam"]),
    dataset=st.sampled_from(["mnist", "synthetic"]),
    batch_size=st.sampled_from([16, 64]),
    threads=st.sampled_from([1, 2]),
    dtype=st.sampled_from(DTYPES),
    memory_format=st.sampled_from(MEMORY_FORMATS),
    loss=st.sampled_from(["cross_entropy", "nll_loss"]),
    learning_rate=st.sampled_from([None, 0.1, 3e-4, 1.0, 0.1 + 0.2]),
    normalization=st.sampled_from(["unit", "half"]),
    seed=st.integers(0, 3),
)
PLANS = st.builds(
    Plan,
    epochs=st.integers(0, 3),
    repeats=st.integers(1, 9),
    precision=st.sampled_from([0.03, 0.001, 1e-7, 0.5]),
    blocks=st.integers(2, 20),
    timeout=st.sampled_from([600.0, 90.0, 0.5]),
    order_seed=st.integers(0, 3),
    data_dir=st.sampled_from(["", "a folder", "-odd", "it's"]),
)
KEPT = ("epochs", "repeats", "precision", "blocks", "timeout", "order_seed", "data_dir")


def typed(command):
    """The plan of a command line."""
    *start, first, second = shlex.split(command)[:4]
    assert [*start, first, second] == ["python", "-m", "bench", "run"]
    args = build_parser().parse_args(shlex.split(command)[3:])
    values = {name: getattr(args, name) for name in SETTINGS if getattr(args, name, None) is not None}
    return plan_from({name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


@given(CELLS, PLANS, st.booleans())
def test_it_gives_the_cell_and_its_settings(catalogue_facts, cell, plan, threads_asked_for):
    if threads_asked_for:
        plan = replace(plan, threads=(cell.threads,))
    else:
        cell = replace(cell, threads=2)
    again = typed(command_of(cell, plan.to_dict()))
    assert expand(again, catalogue_facts).cells == (cell,)
    assert {name: getattr(again, name) for name in KEPT} == {name: getattr(plan, name) for name in KEPT}
    assert bool(again.threads) == threads_asked_for


@pytest.fixture(scope="module")
def catalogue_facts():
    from bench.plan.catalogue import Catalogue, DeviceFacts

    optimizer = {"implementations": ["default"], "needs_closure": False, "unsupported": {"cpu": {}}}
    return Catalogue(
        architectures={"debug": {}, "mlp": {}, "vgg4": {}},
        optimizers={"sgd": optimizer, "adam": optimizer},
        datasets={"mnist": {"train": 60_000}, "synthetic": {"train": 4096}},
        normalizations=("unit", "half"),
        devices={"cpu": DeviceFacts("cpu", on_host=True)},
        usable_cores=2,
    )


def flags_typed(plan):
    words = shlex.split(flags_of(Cell("vgg4", optimizer=plan.optimizers[0]), plan.to_dict()))
    return {word for word in words if word.startswith("--")}


def test_what_is_as_usual_is_not_typed():
    usual, own = Plan(), plan_from({})
    differing = {flag(name) for name in SETTINGS if getattr(usual, name) != getattr(own, name)}
    assert flags_typed(own) <= differing
    assert "--seeds" in flags_typed(own)  # the default suite has several, the cell one
    assert flags_typed(own) & {"--dtypes", "--batch-sizes", "--timeout", "--data-dir"} == set()


def test_what_says_where_results_go_is_not_typed():
    plan = replace(plan_from({}), budget=60.0, run="mine", report=False, suite="x.toml", purpose="none")
    assert flags_typed(plan) == flags_typed(plan_from({}))


def flags(cell, **plan):
    """Each flag of the command with its value."""
    words = shlex.split(command_of(cell, plan))
    assert words[:4] == ["python", "-m", "bench", "run"]
    return dict(zip(words[4::2], words[5::2], strict=True))


def test_the_plans_settings_come_along():
    words = flags(Cell("mlp", threads=4), epochs=7, timeout=90.0, precision=0.01, threads=[4], budget=30.0, later=1)
    assert words["--epochs"] == "7"
    assert words["--timeout"] == "90"
    assert words["--precision"] == "0.01"
    assert words["--threads"] == "4"
    assert "--budget" not in words


@pytest.mark.parametrize("name", ["a b; rm -rf ~", "$(x)", "it's", "-x", "*"])
def test_names_are_quoted_for_the_shell(name):
    words = shlex.split(command_of(Cell(name), {}))
    assert name in words or f"--architectures={name}" in words
