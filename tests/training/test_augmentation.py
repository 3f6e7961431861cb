"""Augmentation: a shift moves whole batches and extends their edges, the same for the same seed, in training alone."""

import pytest
import torch

from bench.plan.plan import AUGMENTATIONS as NAMES
from bench.training.augmentation import AUGMENTATIONS
from bench.training.train import train


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_there_is_one_for_every_name():
    assert tuple(AUGMENTATIONS) == NAMES


def test_none_leaves_the_very_images():
    images = torch.rand(4, 1, 6, 6)
    assert AUGMENTATIONS["none"](images, generator()) is images


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_shift_is_by_a_pixel_at_most_and_each_comes_up(layout):
    images = torch.rand(3, 2, 5, 7).contiguous(memory_format=layout)
    rows, columns = torch.arange(5), torch.arange(7)
    expected = {
        (down, across): images[:, :, (rows + down).clamp(0, 4)][..., (columns + across).clamp(0, 6)]
        for down in (-1, 0, 1)
        for across in (-1, 0, 1)
    }
    random, seen = generator(), set()
    for _ in range(100):
        moved = AUGMENTATIONS["shift"](images, random)
        (by,) = [by for by, there in expected.items() if torch.equal(there, moved)]
        seen.add(by)
    assert seen == set(expected)


def losses(work, test):
    return [entry["train_loss"] for entry in train(work, test, 2, lambda _: None)[0]["epochs"]]


def test_training_is_on_moved_images_and_repeats_with_its_seed(workload, mnist):
    plain = losses(workload("mlp"), mnist[1])
    shifted = losses(workload("mlp", augmentation="shift"), mnist[1])
    assert shifted == losses(workload("mlp", augmentation="shift"), mnist[1])
    assert shifted != plain
    assert shifted[-1] > plain[-1]  # moved digits are harder
