"""Subjects to look at: nets of known weights on images of a few pixels."""

import pytest
import torch
from torch import nn

from bench import data
from bench.insight.subject import PixelNet, Subject


@pytest.fixture
def subject():
    """Makes the subject of a net for images (N, C, H, W) on 0 to 1 and their labels (N,)."""

    def make(net, pixels, labels):
        pixel_net = PixelNet(net, "unit", data.Statistics((0.5,), (0.25,), 0.0, 1.0))
        pixel_net.eval().requires_grad_(requires_grad=False)
        with torch.no_grad():
            scores = pixel_net(pixels)
        return Subject(pixel_net, pixels, labels, scores, seed=0)

    return make


@pytest.fixture
def linear():
    """A linear net of given weights (K, pixels)."""

    def make(weights):
        layer = nn.Linear(len(weights[0]), len(weights), bias=False)
        layer.weight.data = torch.tensor(weights)
        return nn.Sequential(nn.Flatten(), layer)

    return make
