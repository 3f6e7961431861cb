"""Cell: its id tells any two cells apart, can name a file, and is short where nothing is unusual."""

import re
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from bench.plan.cell import Cell
from bench.plan.plan import (
    AUGMENTATIONS,
    DENORMALS,
    DTYPES,
    IMPLEMENTATIONS,
    INITIALIZATIONS,
    MEMORY_FORMATS,
    MODES,
    SCHEDULES,
    TEST_AUGMENTATIONS,
)
from bench.vocabulary import ENGINES, FP32_PRECISIONS

# an architecture is named as a Python function is; a data set may carry a shape
VALUES = {
    "architecture": ["mlp", "lenet5", "lenet", "b64", "sgd"],
    "optimizer": ["sgd", "adam", "muon"],
    "dataset": ["mnist", "synthetic", "synthetic:3x32x32", "synthetic:3x32x32:100"],
    "batch_size": [1, 16, 64, 128],
    "device": ["cpu", "cuda:0", "cuda:1", "cuda:10"],
    "threads": [1, 2, 10],
    "dtype": DTYPES,
    "fp32_precision": FP32_PRECISIONS,
    "denormals": DENORMALS,
    "memory_format": MEMORY_FORMATS,
    "mode": MODES,
    "implementation": IMPLEMENTATIONS,
    "loss": ["cross_entropy", "nll_loss", "focal"],
    "learning_rate": [None, 1.0, 0.01, 1e-05, 1e20, 0.1 + 0.2, 0.3],
    "schedule": SCHEDULES,
    "normalization": ["raw", "unit", "half", "standard"],
    "augmentation": AUGMENTATIONS,
    "loader": ["resident", "dataloader", "dataloader_2", "transforms", "transforms_12", "crops_1"],
    "split": ["test", "validation"],
    "world_size": [1, 2, 12],
    "accumulate": [1, 2, 12],
    "engine": ENGINES,
    "test_augmentation": TEST_AUGMENTATIONS,
    "average": ["none", "swa", "ema0.99", "ema0.999"],
    "clip_norm": [0.0, 0.1, 1.0, 1e-05],
    "initialization": INITIALIZATIONS,
    "seed": [0, 1, 2, 11],
    "origins": [()],  # two origins of one label never meet in a run
}
cells = st.builds(Cell, **{name: st.sampled_from(values) for name, values in VALUES.items()})


def test_every_field_is_in_the_grid_of_this_test():
    assert [field.name for field in fields(Cell)] == list(VALUES)


@given(cells, cells)
def test_two_cells_have_one_id_exactly_when_they_are_equal(first, second):
    assert (first.id == second.id) == (first == second)


@given(cells)
def test_changing_any_one_field_changes_the_id(cell):
    changed = [
        replace(cell, **{name: value})
        for name, values in VALUES.items()
        for value in values
        if value != getattr(cell, name)
    ]
    ids = {other.id for other in changed}
    assert len(ids) == len(changed)
    assert cell.id not in ids


@given(cells)
def test_an_id_can_be_part_of_a_file_name(cell):
    assert re.fullmatch(r"[A-Za-z0-9_:.-]+", cell.id)


def test_what_is_as_usual_is_left_out():
    assert Cell("mlp").id == "mlp-sgd-mnist-b64-cpu-t1"


def test_what_is_unusual_is_named():
    cell = Cell("mlp", device="cuda:1", dtype="bfloat16", mode="compile", learning_rate=0.01, seed=3)
    assert cell.id == "mlp-sgd-mnist-b64-cuda1-t1-bfloat16-compile-lr0.01-seed3"


@given(cells)
def test_a_cell_comes_back_from_its_stored_fields(cell):
    assert Cell.from_dict(cell.to_dict()) == cell


def test_a_field_of_a_newer_version_is_passed_over():
    assert Cell.from_dict({"architecture": "mlp", "sparsity": 0.5}) == Cell("mlp")


def test_the_defaults_are_those_that_stored_definitions_stand_on():
    # a definition leaves out fields at their default: another default would compare what is not the same measurement
    defaults = Cell("mlp").to_dict()
    assert defaults == {
        "architecture": "mlp",
        "optimizer": "sgd",
        "dataset": "mnist",
        "batch_size": 64,
        "device": "cpu",
        "threads": 1,
        "dtype": "float32",
        "fp32_precision": "default",
        "denormals": "keep",
        "memory_format": "contiguous",
        "mode": "eager",
        "implementation": "default",
        "loss": "cross_entropy",
        "learning_rate": None,
        "schedule": "constant",
        "normalization": "unit",
        "augmentation": "none",
        "loader": "resident",
        "split": "test",
        "world_size": 1,
        "accumulate": 1,
        "engine": "none",
        "test_augmentation": "none",
        "average": "none",
        "clip_norm": 0.0,
        "initialization": "default",
        "seed": 0,
        "origins": (),
    }


@given(cells, cells)
def test_two_cells_are_one_configuration_exactly_when_they_differ_in_nothing_but_the_seed(first, second):
    same = all(getattr(first, name) == getattr(second, name) for name in VALUES if name != "seed")
    assert (first.configuration == second.configuration) == same
    assert first.configuration.configuration == first.configuration
    assert replace(first.configuration, seed=first.seed) == first
