"""Cells that answer by an engine: which there are, what goes with none, and how they are named and planned."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.cell_id import cell_of_id
from bench.plan.command import command_of, comparison_of
from bench.plan.energy import SERVED, energy_left_out
from bench.plan.engines import check_engines, served_batches
from bench.plan.estimate import expected_seconds, least_seconds
from bench.plan.grid import expand
from bench.plan.plan import Plan, plan_from
from bench.plan.short_names import short_names
from bench.vocabulary import ENGINES

PLAN = Plan(architectures=("mlp",), engines=("none", "eager", "static_int8"), epochs=1)
CELL = Cell("mlp", engine="static_int8")


def test_each_engine_is_a_cell_and_one_that_cannot_here_is_left_out_with_the_reason(catalogue):
    grid = expand(PLAN, catalogue())
    assert [cell.engine for cell in grid.cells] == ["none", "eager"]
    assert [(cell.engine, why) for cell, why in grid.skipped] == [("static_int8", "static_int8 needs torchao")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modes": ("compile",)}, r"not with compile \(--modes eager\)"),
        ({"dtypes": ("bfloat16",)}, r"--dtypes float32"),
        ({"memory_formats": ("channels_last",)}, "--memory-formats contiguous"),
        ({"accumulate": (2,)}, "--accumulate 1"),
        ({"test_augmentations": ("flip",)}, "--test-augmentations none"),
        ({"world_sizes": (2,), "threads": (1,)}, "--world-sizes 1"),
    ],
)
def test_what_is_about_training_steps_goes_with_no_engine(catalogue, changes, words):
    with pytest.raises(BenchError, match=words):
        expand(replace(PLAN, engines=("eager",), **changes), catalogue())


def test_a_net_with_several_outputs_has_no_engine(catalogue):
    known = catalogue()
    net = {**known.architectures["mlp"], "outputs": {"mnist": "a dict"}}
    with pytest.raises(BenchError, match=r"several outputs \(a dict\), and an engine answers with one"):
        expand(replace(PLAN, engines=("eager",), epochs=0), catalogue(architectures={"mlp": net}))


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("tune", 1, "give --tune 0"),
        ("until", 0.9, "give --until 0"),
        ("targets", ("mlp=90%",), "leave it out"),
        ("checkpoint", True, "leave it out"),
        ("train_limit", 1.0, "give --train-limit 0"),
    ],
)
def test_what_would_train_nets_unlike_is_refused(field, value, remedy):
    with pytest.raises(BenchError, match=f"--engines eager, whose nets are trained for whole epochs alone: {remedy}"):
        check_engines(replace(PLAN, **{field: value}))
    check_engines(replace(PLAN, **{field: value}, engines=("none",)))


def test_a_goal_needs_a_cell_that_tells_of_its_training():
    with pytest.raises(BenchError, match="--goal tests trainings, and engines tell of none"):
        check_engines(replace(PLAN, goal=0.99, engines=("eager",)))
    check_engines(replace(PLAN, goal=0.99))


def test_a_plan_that_times_nothing_has_no_engine():
    with pytest.raises(BenchError, match="--blocks 0 trains alone, and eager is timed"):
        check_engines(replace(PLAN, blocks=0))


def test_a_cell_is_asked_for_the_batches_that_its_own_has():
    assert served_batches(replace(CELL, batch_size=1)) == (1,)
    assert served_batches(replace(CELL, batch_size=100)) == (1, 8, 64)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_id_of_a_cell_has_its_engine_and_can_be_read_back(engine):
    for cell in (Cell("mlp", engine=engine), Cell("mlp", engine=engine, dtype="bfloat16", mode="compile", seed=3)):
        assert cell_of_id(cell.id) == cell


def test_names_say_the_engine_and_which_cells_are_of_training():
    cells = [Cell("mlp"), Cell("mlp", engine="eager")]
    assert short_names(cells) == ["mlp \u00b7 training", "mlp \u00b7 eager"]


def test_what_is_usual_has_a_name_that_says_of_what():
    plain = Cell("mlp")
    assert short_names([plain, replace(plain, augmentation="shift")]) == [
        "mlp",
        "mlp \u00b7 shift",
    ]
    narrow = [plain, replace(plain, fp32_precision="tf32"), replace(plain, implementation="fused")]
    assert short_names(narrow)[0] == "mlp \u00b7 default fp32 \u00b7 default"


def test_the_command_of_a_cell_has_its_engine_and_no_comparison_is_told():
    assert "--engines static_int8" in command_of(CELL, Plan().to_dict())
    assert comparison_of(CELL, ["main"]) is None
    assert comparison_of(replace(CELL, engine="none"), ["main"])


def test_no_energy_is_told_of_answers(catalogue):
    with pytest.raises(BenchError, match="no energy can be told"):
        energy_left_out([CELL], Plan(energy=True), catalogue().devices)
    cells = [CELL, replace(CELL, engine="none")]
    assert energy_left_out(cells, Plan(energy=True), catalogue().devices) == [
        f"no energy is told of some cells: {SERVED}"
    ]


def test_an_answer_takes_less_to_time_than_training_steps_and_more_to_compile(catalogue):
    plan = replace(PLAN, epochs=0)
    cells = {engine: Cell("mlp", engine=engine) for engine in ("none", "eager", "static_int8")}
    least = {engine: least_seconds([cell], plan) for engine, cell in cells.items()}
    assert least["eager"] == least["static_int8"] < least["none"]
    expected = {engine: expected_seconds([cell], plan, catalogue()) for engine, cell in cells.items()}
    assert expected["static_int8"] > expected["eager"]


def test_the_suite_has_every_engine():
    assert {*plan_from({"suite": "inference"}).engines} == {*ENGINES} - {"none"}
