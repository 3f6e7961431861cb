import pytest
import torch

from bench.data import NORMALIZATIONS, Statistics, normalize, statistics
from bench.errors import BenchError

IMAGES = torch.randint(0, 256, (50, 3, 4, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
STATS = Statistics(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.25))


def test_statistics_are_those_of_each_channel():
    scaled = IMAGES.double() / 255
    actual = statistics(IMAGES)
    assert actual.mean == pytest.approx(scaled.mean((0, 2, 3)).tolist(), rel=1e-12)
    assert actual.std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist(), rel=1e-12)


def test_statistics_of_mnist_are_the_published_ones():
    from bench.data import load

    actual = statistics(load("mnist").train_images)
    assert [round(actual.mean[0], 4), round(actual.std[0], 4)] == [0.1307, 0.3081]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raw", IMAGES.float()),
        ("unit", IMAGES.float() / 255),
        ("half", (IMAGES.float() / 255 - 0.5) / 0.5),
        (
            "standard",
            (IMAGES.float() / 255 - torch.tensor(STATS.mean).view(3, 1, 1)) / torch.tensor(STATS.std).view(3, 1, 1),
        ),
    ],
)
def test_pixels_are_scaled_by_name(name, expected):
    actual = normalize(IMAGES, name, STATS)
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)


def test_raw_and_unit_are_exact():
    assert torch.equal(normalize(IMAGES, "raw", STATS), IMAGES.float())
    assert torch.equal(normalize(IMAGES, "unit", STATS), IMAGES / 255)


def test_the_images_stay_as_they_were():
    before = IMAGES.clone()
    for name in NORMALIZATIONS:
        normalize(IMAGES, name, STATS)
    assert torch.equal(before, IMAGES)


def test_standard_gives_mean_0_and_deviation_1():
    actual = normalize(IMAGES, "standard", statistics(IMAGES))
    torch.testing.assert_close(actual.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(actual.std((0, 2, 3), correction=0), torch.ones(3), rtol=0, atol=1e-5)


def test_a_channel_of_one_value_becomes_0():
    images = torch.full((4, 1, 2, 2), 7, dtype=torch.uint8)
    actual = normalize(images, "standard", statistics(images))
    torch.testing.assert_close(actual, torch.zeros(4, 1, 2, 2), rtol=0, atol=1e-5)


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(BenchError, match="unknown normalization 'z': choose one of raw, unit, half, standard"):
        normalize(IMAGES, "z", STATS)
