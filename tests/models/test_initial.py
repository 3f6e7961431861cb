"""Initial weights: each rule fills what it says with the spread that it promises, by the cell's seed."""

import pytest
import torch
from torch import nn

from bench.models import initial
from bench.models.initial import RULES
from bench.models.passage import follow
from bench.plan.plan import INITIALIZATIONS


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 16, 5), nn.BatchNorm2d(16), nn.Flatten(), nn.Linear(400, 100), nn.Linear(100, 10))


def initialize(model, name, images, shape=(3, 9, 9)):
    """As a workload has it, of images of that shape."""
    initial.initialize(model, name, images, lambda: follow(model, torch.rand(2, *shape)))


def unseen(_):
    raise AssertionError("no images are asked for")


def test_there_is_one_for_every_name():
    assert ("default", *RULES, "whitened", "zero_last") == INITIALIZATIONS


@pytest.mark.parametrize(
    ("name", "spread"),
    [
        ("kaiming_normal", (2 / 400) ** 0.5),
        ("kaiming_uniform", (2 / 400) ** 0.5),
        ("xavier_normal", (2 / 500) ** 0.5),
        ("xavier_uniform", (2 / 500) ** 0.5),
        ("orthogonal", (1 / 400) ** 0.5),  # rows of norm 1
    ],
)
def test_a_rule_has_its_spread_and_biases_begin_at_zero(name, spread):
    model, before = net(), net()
    initialize(model, name, unseen)
    assert float(model[3].weight.detach().std()) == pytest.approx(spread, rel=0.03)
    assert [int(model[at].bias.count_nonzero()) for at in (0, 3, 4)] == [0, 0, 0]
    assert not torch.equal(model[0].weight, before[0].weight)
    assert torch.equal(model[1].weight, before[1].weight)  # batch norm stays as it is
    rows = model[3].weight @ model[3].weight.T
    assert torch.allclose(rows, torch.eye(100), atol=1e-5) == (name == "orthogonal")


def test_the_last_layer_alone_begins_at_zero():
    model, before = net(), net()
    initialize(model, "zero_last", unseen)
    assert int(model[4].weight.count_nonzero()) == 0
    assert torch.equal(model[3].weight, before[3].weight)
    initialize(before, "default", unseen)
    assert torch.equal(before[4].weight, net()[4].weight)


class HeadFirst(nn.Module):
    """Its layers run from `stem` to `head`, and are defined the other way round; one runs in no step at all."""

    def __init__(self):
        super().__init__()
        self.head, self.middle = nn.Linear(24, 10), nn.Conv2d(24, 24, 8)
        self.stem, self.left_out = nn.Conv2d(3, 24, 2), nn.Linear(24, 10)

    def forward(self, images):
        return self.head(self.middle(self.stem(images)).flatten(1))


def test_the_last_and_the_first_layer_are_those_that_run_so():
    model, before = HeadFirst(), HeadFirst()
    before.load_state_dict(model.state_dict())
    initialize(model, "zero_last", unseen)
    assert [name for name, weight in model.named_parameters() if not weight.any()] == ["head.weight", "head.bias"]
    initialize(before, "whitened", lambda most: smooth(min(most, 50)))
    assert [name for name, weight in before.named_parameters() if not weight.requires_grad] == ["stem.weight"]


def test_a_convolution_behind_another_layer_is_none_of_the_images():
    model = nn.Sequential(nn.Linear(9, 9), nn.Conv2d(3, 24, 2))
    before = model[1].weight.clone()
    initialize(model, "whitened", lambda _: smooth(5))
    assert torch.equal(model[1].weight, before)


def smooth(most):
    """Images whose neighbouring pixels are alike, as those of photographs are."""
    return nn.functional.avg_pool2d(torch.randn(most, 3, 24, 24, generator=torch.Generator().manual_seed(1)), 3, 1)


def test_whitened_filters_give_each_direction_of_a_patch_the_same_variance_and_are_kept():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 24, 2), nn.Flatten(), nn.Linear(24 * 21 * 21, 10))
    last = model[2].weight.clone()
    initialize(model, "whitened", lambda most: smooth(min(most, 200)), (3, 22, 22))
    first = model[0]
    assert torch.equal(first.weight[:12], -first.weight[12:])
    assert not first.weight.requires_grad
    assert first.bias.requires_grad
    assert torch.equal(model[2].weight, last)
    given = nn.functional.conv2d(smooth(200), first.weight.detach()[:12]).transpose(0, 1).flatten(1)
    products = given @ given.T / given.shape[1]
    assert torch.allclose(products, torch.eye(12), atol=0.05)  # less where there is little variance
    strength = first.weight.detach()[:12].flatten(1).norm(dim=1)  # the strongest direction is divided by most
    assert torch.equal(strength.argsort(), torch.arange(12))


@pytest.mark.parametrize(
    ("filters", "white"),
    [(8, 8), (30, 24)],  # of 12 directions and their opposites
)
def test_other_numbers_of_filters_have_the_strongest_directions_or_keep_the_rest(filters, white):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, filters, 2))
    before = model[0].weight.clone()
    initialize(model, "whitened", lambda _: smooth(50))
    changed = (model[0].weight != before).flatten(1).any(1)
    assert changed.tolist() == [True] * white + [False] * (filters - white)


@pytest.mark.parametrize(
    ("first", "channels"),
    [(nn.Conv2d(6, 4, 3), 6), (nn.Conv2d(3, 1, 3), 3), (nn.Conv2d(3, 6, 3, groups=3), 3), (nn.Linear(9, 4), 3)],
)
def test_a_net_that_no_convolution_of_the_images_begins_stays_as_it_is(first, channels):
    model = nn.Sequential(first)
    before = first.weight.clone()
    initialize(model, "whitened", lambda _: smooth(5), (channels, 9, 9))
    assert torch.equal(first.weight, before)
    assert first.weight.requires_grad


def test_patches_that_are_dilated_or_taken_in_parts_are_whitened_as_they_are(monkeypatch):
    whole, parts = (nn.Conv2d(3, 24, 2, dilation=2) for _ in range(2))
    initialize(nn.Sequential(whole), "whitened", lambda most: smooth(min(most, 40)))
    monkeypatch.setattr(initial, "AT_ONCE", 1)
    initialize(nn.Sequential(parts), "whitened", lambda most: smooth(40)[:most])
    signs = (whole.weight[:12] * parts.weight[:12]).flatten(1).sum(1).sign()  # of a direction, which are free
    assert torch.allclose(whole.weight[:12], parts.weight[:12] * signs[:, None, None, None], rtol=1e-3)
    given = nn.functional.conv2d(smooth(40), whole.weight.detach()[:12], dilation=2).transpose(0, 1).flatten(1)
    assert torch.allclose(given @ given.T / given.shape[1], torch.eye(12), atol=0.05)


def test_of_large_images_few_are_looked_at():
    asked = []

    def images(most):
        asked.append(most)
        return torch.rand(min(most, 2), 3, 224, 224)

    initialize(nn.Sequential(nn.Conv2d(3, 8, 11)), "whitened", images, (3, 24, 24))
    assert asked == [1, 14]  # 2**28 numbers by 3 x 11 x 11 x 224 x 224
