"""The zoo: a network for another number of channels starts as torchvision's own does."""

from math import sqrt

import pytest
import torch
from torch import nn

import architectures


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("name", "places", "fan_out"),  # of the first convolution: places of its kernel, channels that it gives times those
    [
        pytest.param("alexnet", 11 * 11, None, marks=pytest.mark.slow),
        ("googlenet", 7 * 7, None),
        ("resnet18", 7 * 7, 64 * 7 * 7),
        pytest.param("resnet50", 7 * 7, 64 * 7 * 7, marks=pytest.mark.slow),
        pytest.param("vgg16", 3 * 3, 64 * 3 * 3, marks=pytest.mark.slow),
    ],
)
def test_the_first_convolution_is_drawn_as_torchvision_draws_that_of_three_channels(name, places, fan_out, channels):
    torch.manual_seed(0)
    network = architectures.build(name, (channels, 64, 64), 10)
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
    # He et al. 2015, equation 14, over fan_out; else torch's default, uniform within 1 / sqrt(fan_in)
    spread = sqrt(2 / fan_out) if fan_out else 1 / sqrt(3 * channels * places)
    assert first.weight.shape[1] == channels
    assert first.weight.std().item() == pytest.approx(spread, rel=0.1)
    if fan_out and first.bias is not None:
        assert not first.bias.any()
