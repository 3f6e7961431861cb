"""Initial weights: each rule fills what it says with the spread that it promises, by the cell's seed."""

import pytest
import torch
from torch import nn

from bench.models.initial import RULES, initialize
from bench.plan.plan import INITIALIZATIONS


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 64, 5), nn.BatchNorm2d(64), nn.Flatten(), nn.Linear(400, 100), nn.Linear(100, 10))


def test_there_is_one_for_every_name():
    assert ("default", *RULES, "zero_last") == INITIALIZATIONS


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
    initialize(model, name)
    assert float(model[3].weight.detach().std()) == pytest.approx(spread, rel=0.03)
    assert [int(model[at].bias.count_nonzero()) for at in (0, 3, 4)] == [0, 0, 0]
    assert not torch.equal(model[0].weight, before[0].weight)
    assert torch.equal(model[1].weight, before[1].weight)  # batch norm stays as it is
    rows = model[3].weight @ model[3].weight.T
    assert torch.allclose(rows, torch.eye(100), atol=1e-5) == (name == "orthogonal")


def test_the_last_layer_alone_begins_at_zero():
    model, before = net(), net()
    initialize(model, "zero_last")
    assert int(model[4].weight.count_nonzero()) == 0
    assert torch.equal(model[3].weight, before[3].weight)
    initialize(before, "default")
    assert torch.equal(before[4].weight, net()[4].weight)
