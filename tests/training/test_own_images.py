"""Training on images of one's own: floats, three of them, not square, of four channels, in order of class."""

import base64
import zlib

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.worker.cell import measure
from tests.measure.recording import Heard


def trained(images, labels, batch_size, **fields):
    """What a worker sends of a training on these images, which are tested on as well."""
    np.savez("own.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    heard = Heard()
    cell = Cell("softmax_regression", "adam", "own", batch_size, origins=("dataset=npz:own.npz",), **fields)
    measure(Task(cell, blocks=0, epochs=1), heard)
    assert heard.of("status") == [("ok", None)]
    return heard.of("training")[-1]


@pytest.mark.parametrize("normalization", ["raw", "unit", "half", "standard"])
def test_floats_are_learnt_and_shown_as_bytes(tmp_path, monkeypatch, normalization):
    monkeypatch.chdir(tmp_path)
    labels = np.repeat([0, 1], 60)
    images = np.random.default_rng(0).uniform(-2, -1, (120, 5, 7)) + 2 * labels[:, None, None]  # from -2 to 1
    learnt = trained(images, labels, 4, normalization=normalization, learning_rate=0.05)
    assert learnt["epochs"][-1]["test_accuracy"] > 0.9
    seen = learnt["digits"][0]
    assert seen["image"]["shape"] == [1, 5, 7]
    shown = np.frombuffer(zlib.decompress(base64.b64decode(seen["image"]["pixels"])), np.uint8)
    scale = (images[seen["index"]].ravel() - images.min()) / (images.max() - images.min())
    assert np.abs(shown / 255 - scale).max() < 0.01


def test_three_images_of_four_channels_are_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learnt = trained(np.zeros((3, 6, 9, 4), np.uint8), np.arange(3), 1)
    assert learnt["epochs"][-1]["steps"] == 3


def test_validation_images_in_order_of_class_have_all_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learnt = trained(np.zeros((96, 4, 4), np.uint8), np.repeat(np.arange(4), 24), 8, split="validation")
    assert [sum(row) for row in learnt["confusion"]] == [2, 2, 2, 2]
