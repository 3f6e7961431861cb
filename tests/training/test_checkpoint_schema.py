import math

import pytest
import torch

from bench.plan.cell import Cell
from bench.training.checkpoint_schema import cell_of, digest_of, entry_of, images_of, is_intact

ENTRY = {
    "epoch": 0.25,
    "steps": 8,
    "seconds": 1.0,
    "train_loss": 0.4,
    "train_accuracy": None,
    "test_loss": 0.5,
    "test_accuracy": 0.1,
}
STRANGE = (None, "\x1b[31m", [1], {}, -1, math.nan, math.inf, True, 10**400, "x" * 10_000, torch.zeros(3))
# Values of STRANGE that the field may have after all.
WELCOME = {"learning_rate": (None,), "train_accuracy": (None,), "train_loss": (-1,), "test_loss": (-1,)}


def refused(check, name, value):
    with pytest.raises(ValueError, match=f"^{name} cannot be ") as caught:
        check(value)
    message = str(caught.value).splitlines()[0]
    assert message.isprintable()
    assert len(message) < 100


@pytest.mark.parametrize("name", Cell("debug").to_dict())
def test_no_field_of_a_cell_is_taken_as_it_comes(name):
    cell = Cell("debug").to_dict()
    for value in STRANGE:
        if not any(value is one for one in WELCOME.get(name, ())):
            refused(lambda value: cell_of({"cell": {**cell, name: value}}), name, value)


@pytest.mark.parametrize("name", ENTRY)
def test_no_value_of_an_entry_is_taken_as_it_comes(name):
    for value in STRANGE:
        if not any(value is one for one in WELCOME.get(name, ())):
            refused(lambda value: entry_of({"entry": {**ENTRY, name: value}}), name, value)


def test_cells_that_a_run_writes_are_taken():
    cells = [
        Cell("lenet5", "lbfgs", "synthetic:3x32x32:10", 1, "cuda:1", 64, "bfloat16", mode="cuda_graph"),
        Cell("vgg4", memory_format="channels_last", denormals="flush", mode="compile", implementation="fused"),
        Cell("debug", learning_rate=1e-3, schedule="one_cycle", normalization="standard", split="validation", seed=7),
    ]
    for cell in cells:
        assert cell_of({"cell": cell.to_dict()}) == cell


def test_what_a_newer_version_added_is_passed_over():
    assert cell_of({"cell": {**Cell("debug").to_dict(), "weather": "\x1b"}}) == Cell("debug")
    assert entry_of({"entry": {**ENTRY, "weather": "\x1b"}}) == ENTRY


def test_images_of_another_shape_than_the_data_sets_are_refused():
    assert images_of({"input_shape": [1, 28, 28], "num_classes": 10}, Cell("debug")) == ((1, 28, 28), 10)
    with pytest.raises(ValueError, match=r"input_shape is \[1, 28, 28\], and \[3, 32, 32\] in cifar10"):
        images_of({"input_shape": [1, 28, 28], "num_classes": 10}, Cell("debug", dataset="cifar10"))


def test_the_digest_tells_every_part_and_not_the_layout_in_memory():
    weights = {"a": torch.arange(24.0).reshape(1, 2, 3, 4), "b": torch.tensor(3), "c": torch.empty(0)}
    stored = {"format": 2, "entry": ENTRY, "weights": weights}
    sealed = {**stored, "digest": digest_of(stored)}
    assert is_intact(sealed)
    assert is_intact({**sealed, "weights": {**weights, "a": weights["a"].to(memory_format=torch.channels_last)}})
    changes = ({"a": weights["a"].reshape(1, 2, 4, 3)}, {"b": torch.tensor(3, dtype=torch.int32)}, {"a": "x"}, {"d": 1})
    for change in changes:
        assert not is_intact({**sealed, "weights": {**weights, **change}})
    assert not is_intact({**sealed, "format": 1})
    assert not is_intact(stored)


def test_a_label_of_what_a_file_named_is_one_short_line():
    cell = Cell("debug", "Lion(lr=0.1)", origins=("optimizer=mine.py:Lion(lr=0.1)",))
    assert cell_of({"cell": cell.to_dict()}) == cell
    for label in STRANGE:
        refused(lambda label: cell_of({"cell": {**cell.to_dict(), "optimizer": label}}), "optimizer", label)
