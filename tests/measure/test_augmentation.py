"""Augmentation: each moves, mirrors or cuts as it says, the same for the same seed, in training steps alone."""

import pytest
import torch
from torch.nn import functional as F

from bench.measure.augmentation import CROPPED, SINGLE, VIEWS, augmentation
from bench.plan.plan import AUGMENTATIONS, SINGLE_AUGMENTATIONS, TEST_AUGMENTATIONS
from bench.training.train import train

LAYOUTS = pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def moved(images, down, across):
    """The images moved by so many pixels, their edges extended."""
    height, width = images.shape[2:]
    rows, columns = torch.arange(height), torch.arange(width)
    return images[:, :, (rows + down).clamp(0, height - 1)][..., (columns + across).clamp(0, width - 1)]


def test_there_is_one_for_every_name():
    assert tuple(SINGLE) == SINGLE_AUGMENTATIONS
    assert ("none", *VIEWS) == TEST_AUGMENTATIONS
    images = torch.rand(4, 1, 6, 6)
    assert augmentation("none") is None
    assert [name for name in AUGMENTATIONS[1:] if augmentation(name)(images, generator()).shape != images.shape] == []


def test_several_are_one_after_another():
    images, random, again = torch.rand(9, 1, 8, 8), generator(), generator()
    expected = SINGLE["cutout"](SINGLE["shift"](images, again), again)
    assert torch.equal(augmentation("shift+cutout")(images, random), expected)


@LAYOUTS
def test_a_shift_is_by_a_pixel_at_most_and_each_comes_up(layout):
    images = torch.rand(3, 2, 5, 7).contiguous(memory_format=layout)
    expected = {(down, across): moved(images, down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)}
    random, seen = generator(), set()
    for _ in range(100):
        shifted = SINGLE["shift"](images, random)
        (by,) = [by for by, there in expected.items() if torch.equal(there, shifted)]
        seen.add(by)
    assert seen == set(expected)


@LAYOUTS
def test_a_crop_moves_each_image_by_itself(layout):
    images = torch.rand(300, 2, 5, 7).contiguous(memory_format=layout)
    reach = range(-CROPPED, CROPPED + 1)
    expected = {(down, across): moved(images, down, across) for down in reach for across in reach}
    seen = []
    for at, image in enumerate(SINGLE["crop"](images, generator())):
        (by,) = [by for by, there in expected.items() if torch.equal(there[at], image)]
        seen.append(by)
    assert set(seen) == set(expected)


@LAYOUTS
def test_a_flip_mirrors_about_half_of_the_images(layout):
    images = torch.rand(400, 2, 5, 7).contiguous(memory_format=layout)
    flipped = SINGLE["flip"](images, generator())
    mirrored = [torch.equal(image, before.flip(2)) for image, before in zip(flipped, images, strict=True)]
    assert all(each or torch.equal(flipped[at], images[at]) for at, each in enumerate(mirrored))
    assert 150 < sum(mirrored) < 250


@LAYOUTS
def test_a_cutout_takes_one_rectangle_out_of_each_image(layout):
    images = 1 + torch.rand(300, 2, 8, 12).contiguous(memory_format=layout)
    before = images.clone()
    cut = SINGLE["cutout"](images, generator())
    assert torch.equal(images, before)  # they are those of the data set
    holes = cut == 0
    assert torch.equal(cut[~holes], images[~holes])
    places = set()
    for hole in holes:
        assert torch.equal(hole[0], hole[1])  # through all channels
        rows, columns = hole[0].any(1).nonzero().flatten(), hole[0].any(0).nonzero().flatten()
        assert int(hole[0].sum()) == len(rows) * len(columns)
        assert (len(rows), len(columns)) <= (2, 3)
        assert len(rows) == int(rows[-1] - rows[0]) + 1
        assert len(columns) == int(columns[-1] - columns[0]) + 1
        places.add((int(rows[0]), int(columns[0])))
    assert len(places) > 40


@pytest.mark.parametrize(("name", "count"), [("flip", 2), ("shift", 5)])
def test_the_views_of_an_image_begin_with_itself_and_differ(name, count):
    images = torch.rand(2, 1, 6, 6)
    views = VIEWS[name](images)
    assert torch.equal(views[0], images)
    assert len({tuple(view.flatten().tolist()) for view in views}) == count
    expected = [images.flip(3)] if name == "flip" else [moved(images, *by) for by in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    assert all(torch.equal(view, there) for view, there in zip(views[1:], expected, strict=True))


def losses(work, test):
    return [entry["train_loss"] for entry in train(work, test, 2, lambda _: None)[0]["epochs"]]


def test_training_is_on_moved_images_and_repeats_with_its_seed(workload, mnist):
    plain = losses(workload("mlp"), mnist[1])
    shifted = losses(workload("mlp", augmentation="shift"), mnist[1])
    assert shifted == losses(workload("mlp", augmentation="shift"), mnist[1])
    assert shifted != plain
    assert shifted[-1] > plain[-1]  # moved digits are harder


@pytest.mark.parametrize("fields", [{}, {"accumulate": 2}, {"optimizer": "lbfgs"}])
def test_a_timed_step_is_made_with_augmented_images(workload, fields):
    seen = []
    work = workload("debug", augmentation="flip", **fields)
    work.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    plain = workload("debug", **fields)
    images, labels = plain.next_batch()
    work.step()
    drawn = SINGLE["flip"](images, generator())
    parts = drawn.split(len(labels) // work.cell.accumulate)
    assert all(torch.equal(part, there) for part, there in zip(seen, parts, strict=False))
    assert not torch.equal(drawn, images)


def test_answers_are_of_images_as_they_are(workload):
    work, plain = workload("debug", augmentation="flip"), workload("debug")
    work.eval()
    plain.eval()
    assert F.mse_loss(work.infer(), plain.infer()) == 0
