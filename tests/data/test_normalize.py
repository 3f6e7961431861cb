import pytest
import torch

from bench.data import NORMALIZATIONS, Statistics, as_bytes, normalize, statistics
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


def floats(low, high, shape=(7, 2, 3, 4)):
    images = torch.rand(shape, generator=torch.Generator().manual_seed(1)) * (high - low) + low
    images.view(-1)[0], images.view(-1)[-1] = low, high
    return images


def test_floats_from_0_to_1_stay_as_they_are_unless_asked_otherwise():
    images = floats(0.1, 0.9)
    stats = statistics(images)
    assert (stats.low, stats.high) == (0, 1)
    assert torch.equal(normalize(images, "raw", stats), images)
    assert torch.equal(normalize(images, "unit", stats), images)
    torch.testing.assert_close(normalize(images, "half", stats), images * 2 - 1)


@pytest.mark.parametrize(("low", "high"), [(0, 255), (-1, 1), (-3.5, 20), (0, 1e30)])
def test_floats_of_another_range_are_put_on_0_to_1_by_that_of_the_training_images(low, high):
    images = floats(low, high)
    stats = statistics(images)
    assert (stats.low, stats.high) == pytest.approx((low, high))
    unit, half = (normalize(images, name, stats) for name in ("unit", "half"))
    assert torch.equal(normalize(images, "raw", stats), images)
    assert (float(unit.min()), float(unit.max())) == (0, pytest.approx(1))
    assert (float(half.min()), float(half.max())) == (-1, pytest.approx(1))
    standard = normalize(images, "standard", stats)
    torch.testing.assert_close(standard.mean((0, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(standard.std((0, 2, 3), correction=0), torch.ones(2), atol=1e-5, rtol=0)


def test_bytes_and_the_same_pixels_as_floats_give_the_same():
    images = torch.randint(0, 256, (9, 3, 4, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[0, 0, 0, 0], images[0, 0, 0, 1] = 0, 255
    own, others = statistics(images), statistics(images.float())
    assert own.mean == pytest.approx(others.mean)
    assert own.std == pytest.approx(others.std)
    for name in NORMALIZATIONS:
        torch.testing.assert_close(normalize(images, name, own), normalize(images.float(), name, others))


def test_images_stay_as_they_were_read():
    images = floats(-1, 1)
    before = images.clone()
    normalize(images, "standard", statistics(images))
    assert torch.equal(images, before)


def test_floats_that_are_all_the_same_become_finite_numbers():
    images = torch.full((2, 1, 2, 2), 7.0)
    for name in NORMALIZATIONS:
        assert normalize(images, name, statistics(images)).isfinite().all()


def test_images_to_look_at_are_bytes():
    images = floats(-2, 2)
    stats = statistics(images)
    looked_at = as_bytes(torch.stack([images[0], images[0] * 100]), stats)
    assert looked_at.dtype == torch.uint8
    assert (int(looked_at.min()), int(looked_at.max())) == (0, 255)
    held = torch.zeros(1, 1, 2, 2, dtype=torch.uint8)
    assert as_bytes(held, stats) is held
