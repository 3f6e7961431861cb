"""Scaled biases: Nesterov's SGD with two groups, against its formula written out."""

import pytest
import torch
from torch import nn

from bench import optimizers
from bench.optimizers.scaled_biases import DECAY, MOMENTUM, RATE, nesterov

TEXT = "bench.optimizers.scaled_biases:nesterov"


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2)).double()


def followed(model, rate, steps):
    """Each weight after so many steps along a gradient of one everywhere, by the formula."""
    for name, weight in model.named_parameters():
        own = rate * 64 if name == "1.bias" else rate
        value, velocity = weight.detach().clone(), torch.zeros_like(weight)
        for _ in range(steps):
            gradient = 1 + value * DECAY / own
            velocity = MOMENTUM * velocity + gradient
            value = value - own * (gradient + MOMENTUM * velocity)
        yield name, value


@pytest.mark.parametrize("rate", [None, 0.01])
@pytest.mark.parametrize("implementation", ["default", "forloop", "fused"])
def test_biases_of_batch_norm_alone_are_faster_and_lose_the_same_share(rate, implementation):
    model = net()
    expected = dict(followed(model, rate or 1.3043, 3))
    optimizer = optimizers.build(TEXT, model, implementation, rate)
    for _ in range(3):
        for weight in model.parameters():
            weight.grad = torch.ones_like(weight)
        optimizer.step()
    for name, weight in model.named_parameters():
        assert torch.allclose(weight.detach(), expected[name], rtol=1e-12), name


def test_the_settings_are_those_that_were_published():
    counted = 1 + 1 / (1 - MOMENTUM)
    assert pytest.approx(10 / counted, abs=5e-5) == RATE
    assert pytest.approx(0.0153 / counted, rel=1e-4) == DECAY


def test_a_net_without_batch_norm_has_one_group():
    (group,) = nesterov(nn.Linear(2, 2)).param_groups
    assert group["lr"] == RATE
