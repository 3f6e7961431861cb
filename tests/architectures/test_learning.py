"""Every architecture begins to learn: 20 steps of Adam on real digits lower the loss."""

from functools import cache
from statistics import median

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import architectures
from bench import data
from tests.architectures.deep import DEEP, slow_if

STEPS = 20
HEAVY = {*DEEP, "convnet_keras", "convnet_keras_2015", "allcnn_c", "airbench94"}
VANISHING = {"mlp12", "mlp12_sigmoid"}  # what they show is why they do not begin to learn
BEGINNERS = [
    name for name in architectures.names() if architectures.get(name).family != "zoo" and name not in VANISHING
]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """The first 320 training images, from 0 to 1, and their labels."""
    mnist = data.load("mnist")
    return mnist.train_images[:320].float() / 255, mnist.train_labels[:320]


@cache
def colour() -> tuple[Tensor, Tensor]:
    """16 digits as 3x64x64, for networks made for photographs."""
    images, labels = digits()
    return F.interpolate(images[:16], size=(64, 64)).repeat(1, 3, 1, 1), labels[:16]


def losses(name: str, images: Tensor, labels: Tensor, steps: int, learning_rate: float) -> list[float]:
    torch.manual_seed(0)
    network = architectures.build(name, tuple(images.shape[1:]), 10)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    history = []
    for step in range(steps):
        start = step * 16 % len(images)
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images[start : start + 16]), labels[start : start + 16])
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


@pytest.mark.parametrize("name", slow_if(BEGINNERS, HEAVY))
def test_the_loss_on_real_digits_falls(name):
    history = losses(name, *digits(), steps=STEPS, learning_rate=1e-3)
    assert median(history[-5:]) < history[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet18", "resnet50"])
def test_the_zoo_learns_too(name):
    history = losses(name, *colour(), steps=8, learning_rate=1e-4)
    assert median(history[-3:]) < history[0]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("mlp12_sigmoid", 0, 1e-6), ("mlp12", 1e-3, 0.1), ("mlp12_he", 0.3, 30), ("mlp12_residual", 0.3, 30)],
)
def test_a_gradient_vanishes_on_its_way_through_a_sigmoid_and_not_around_it(name, low, high):
    torch.manual_seed(0)
    network = architectures.build(name, (1, 28, 28), 10)
    images, labels = digits()
    F.cross_entropy(network(images), labels).backward()
    first, *_, last = (float(each.grad.norm()) for each in network.parameters() if each.dim() > 1)
    assert low < first / last < high
