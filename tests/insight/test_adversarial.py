"""Attacks: FGSM and PGD against what is known of a linear net."""

import pytest
import torch

from bench import data
from bench.insight.adversarial import adversarial_of, judged, pgd, right
from bench.insight.subject import PixelNet
from bench.metrics import ROBUST_OF
from bench.plan.attacked import LEAST_IMAGES, MOST_IMAGES, attacked_images
from bench.store.raster import raster_of

WEIGHTS = [[1.0, -2.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.0]]  # of two classes: their difference is 1, -3, 0.5, 0


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(1)
    return 0.35 + 0.3 * torch.rand(200, 1, 2, 2, generator=generator)  # no bound of 0 or 1 is near


@pytest.fixture
def margins(images):
    """How much higher the first class scores than the second, (N,)."""
    return images.flatten(1) @ torch.tensor([1.0, -3.0, 0.5, 0.0])


def test_the_direction_of_fgsm_is_that_of_the_closed_form(linear, images):
    labels = torch.zeros(len(images), dtype=torch.long)
    _, signs = judged(linear(WEIGHTS), images, labels)
    # the loss of class 0 grows against the difference of the weights
    assert torch.equal(signs.flatten(1), torch.tensor([-1.0, 1.0, -1.0, 0.0]).expand(len(images), 4))


@pytest.mark.parametrize("eps", [0.02, 0.1, 0.2])
def test_a_linear_net_falls_exactly_where_its_margin_is_below_eps_times_its_weights(linear, images, margins, eps):
    net = linear(WEIGHTS)
    labels = (margins < 0).long()
    reach = eps * 4.5  # the sum of the absolute differences
    signs = judged(net, images, labels)[1]
    standing = margins.abs() > reach
    assert 0 < standing.sum() < len(images) or eps == 0.02
    assert torch.equal(right(net, images + eps * signs, labels), standing)


def test_pgd_stays_within_its_bound_and_finds_what_there_is(linear, images, margins):
    net, eps = linear(WEIGHTS), 0.1
    labels = (margins < 0).long()
    changed = pgd(net, images, labels, eps, torch.Generator().manual_seed(0))
    assert (changed - images).abs().max() <= eps + 1e-6
    # ten steps of a quarter of eps cross the whole bound from anywhere in it
    assert torch.equal(right(net, changed, labels), margins.abs() > eps * 4.5)


def test_pixels_stay_pixels(linear):
    dark = torch.zeros(8, 1, 2, 2)
    changed = pgd(linear(WEIGHTS), dark, torch.zeros(8, dtype=torch.long), 0.3, torch.Generator().manual_seed(0))
    assert changed.min() >= 0
    assert changed.max() <= 0.3 + 1e-6


@pytest.mark.parametrize("name", ["raw", "unit", "half", "standard"])
def test_strength_is_of_the_pixels_whatever_the_normalization(linear, name):
    stats = data.Statistics((0.3,), (0.2,))
    pictures = torch.randint(0, 256, (5, 1, 2, 2), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    net = linear(WEIGHTS)
    pixel_net = PixelNet(net, name, stats)
    expected = net(data.normalize(pictures, name, stats))
    torch.testing.assert_close(pixel_net(pictures / 255), expected, rtol=1e-5, atol=1e-4)


def test_accuracies_fall_and_what_fools_is_within_its_bound(linear, images, margins, subject):
    attack = adversarial_of(subject(linear(WEIGHTS), images, (margins < 0).long()))
    assert (attack.clean, attack.images) == (1.0, len(images))
    assert [strength.eps for strength in attack.strengths] == list(ROBUST_OF)
    shares = [strength.pgd for strength in attack.strengths]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]
    expected = [float((margins.abs() > eps * 4.5).double().mean()) for eps in ROBUST_OF]
    assert shares == pytest.approx(expected)
    assert attack.fooled
    for each in attack.fooled:
        before, after = each.images.unpacked() / 255.0
        assert abs(after - before).max() <= each.eps + 1.01 / 255
        assert each.before[each.label] > 0.5 > each.after[each.label]
        assert each.images == raster_of([before, after], 0, 1)


def test_of_a_large_net_fewer_images_are_attacked():
    assert attacked_images(1e5, 10_000) == MOST_IMAGES
    assert attacked_images(1e5, 80) == 80
    assert attacked_images(5e7, 10_000) == 200
    assert attacked_images(4e9, 10_000) == LEAST_IMAGES
