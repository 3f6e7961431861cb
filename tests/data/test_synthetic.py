import pytest
import torch

from bench.data import synthetic
from bench.errors import BenchError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("synthetic", ((1, 28, 28), 10)),
        ("synthetic:3x224x224", ((3, 224, 224), 10)),
        ("synthetic:3x32x48:100", ((3, 32, 48), 100)),
        ("synthetic:1x1x1:1", ((1, 1, 1), 1)),
    ],
)
def test_the_name_holds_shape_and_classes(name, expected):
    assert synthetic.parse(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "synthetic:",
        "synthetic:32x32",
        "synthetic:3x32x32x32",
        "synthetic:3x32x32:",
        "synthetic:3x32x32:0",
        "synthetic:0x32x32",
        "synthetic:-3x32x32",
        "synthetic:3,32,32",
        "synthetic:3x32x32:ten",
        "synthetic:3x32x32\n",
        "synthetic:³x32x32",
    ],
)
def test_a_malformed_name_is_refused_with_the_form(name):
    with pytest.raises(BenchError, match=r"write synthetic:CHANNELSxHEIGHTxWIDTH"):
        synthetic.parse(name)


def test_an_image_larger_than_memory_is_refused():
    with pytest.raises(BenchError, match="ask for 16,777,216 at most"):
        synthetic.parse("synthetic:3x100000x100000")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 28, 28), (4096, 1024)), ((3, 32, 32), (4096, 1024)), ((3, 224, 224), (256, 64)), ((1, 4096, 4096), (64, 16))],
)
def test_large_images_are_fewer(shape, expected):
    assert synthetic.sizes(shape) == expected


def test_it_has_the_shape_asked_for():
    dataset = synthetic.load("synthetic:3x8x16:7")
    assert dataset.input_shape == (3, 8, 16)
    assert dataset.num_classes == 7
    assert dataset.train_images.shape == (4096, 3, 8, 16)
    assert dataset.test_images.shape == (1024, 3, 8, 16)
    assert dataset.train_images.dtype == torch.uint8
    assert dataset.train_labels.dtype == torch.int64
    assert dataset.train_labels.unique().tolist() == list(range(7))
    assert (int(dataset.train_images.min()), int(dataset.train_images.max())) == (0, 255)


def test_it_repeats_and_leaves_the_global_seed_alone():
    state = torch.random.get_rng_state()
    first, second = synthetic.load("synthetic"), synthetic.load("synthetic")
    assert torch.equal(first.train_images, second.train_images)
    assert torch.equal(first.test_labels, second.test_labels)
    assert torch.equal(state, torch.random.get_rng_state())
