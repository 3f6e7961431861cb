"""Any shape: a network is built that works, or the request is refused; nothing else happens."""

import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import architectures
from architectures import ShapeError
from architectures.shapes import flat_size, output_shape, shown
from tests.architectures.deep import slow_if

SMALL = [name for name in architectures.names() if architectures.get(name).family != "zoo"]
ZOO = [name for name in architectures.names() if architectures.get(name).family == "zoo"]
SIDE_FOR_ALL = 15  # the three overlapping poolings of alexnet_small leave one pixel of 15
SIDE_FOR_THE_ZOO = 63  # alexnet's last pooling has a pixel left of 63; the others need less
CHANNELS, CLASSES, SIDES = st.integers(1, 5), st.integers(1, 20), st.integers(1, 256)

unhurried = settings(derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def built_or_refused(name, shape, num_classes):
    """The network after a step's forward and backward pass; or the refusal, which must say in one line what of what."""
    refusal = None
    try:
        network = architectures.build(name, shape, num_classes)
    except ShapeError as error:
        refusal = str(error)
    if refusal:
        assert re.fullmatch(f"'{name}' cannot be built: input {shown(shape)} does not fit: .+", refusal)
        return None
    scores = network(torch.rand(2, *shape))
    assert scores.shape == (2, num_classes)
    F.cross_entropy(scores, torch.zeros(2, dtype=torch.long)).backward()
    assert [key for key, weight in network.named_parameters() if weight.grad is None] == []
    return network


@pytest.mark.parametrize("name", slow_if(SMALL))
@settings(unhurried, max_examples=5)
@given(channels=CHANNELS, height=st.integers(1, 64), width=st.integers(1, 64), num_classes=CLASSES)
def test_a_network_fits_or_is_refused(name, channels, height, width, num_classes):
    with torch.device("meta"):
        network = built_or_refused(name, (channels, height, width), num_classes)
    assert network or min(height, width) < SIDE_FOR_ALL


@settings(unhurried, max_examples=40)
@given(name=st.sampled_from(SMALL), channels=CHANNELS, height=st.integers(1, 16), width=st.integers(1, 16))
def test_what_fits_on_the_meta_device_trains_on_the_cpu(name, channels, height, width):
    torch.manual_seed(0)
    network = built_or_refused(name, (channels, height, width), 3)
    if network:
        assert all(weight.grad.isfinite().all() for weight in network.parameters())


def zoo_fits_or_is_refused(name, channels, height, width, num_classes):
    with torch.device("meta"):
        network = built_or_refused(name, (channels, height, width), num_classes)
    assert network or min(height, width) < SIDE_FOR_THE_ZOO


@settings(unhurried, max_examples=5)
@given(name=st.sampled_from(["alexnet", "vgg16", "resnet18"]), channels=CHANNELS, height=SIDES, width=SIDES)
def test_a_light_network_of_the_zoo_fits_or_is_refused(name, channels, height, width):
    zoo_fits_or_is_refused(name, channels, height, width, 10)


@pytest.mark.slow
@settings(unhurried, max_examples=25)
@given(name=st.sampled_from(ZOO), channels=CHANNELS, height=SIDES, width=SIDES, num_classes=CLASSES)
def test_a_network_of_the_zoo_fits_or_is_refused(name, channels, height, width, num_classes):
    zoo_fits_or_is_refused(name, channels, height, width, num_classes)


def test_asking_for_a_shape_changes_nothing():
    layers = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten())
    before = {name: tensor.clone() for name, tensor in layers.state_dict().items()}
    generator = torch.get_rng_state()
    assert output_shape(layers, (1, 8, 8)) == (144,)
    assert flat_size(layers[:3], (1, 8, 8)) == 144
    assert torch.equal(torch.get_rng_state(), generator)
    for name, tensor in layers.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_shapes_are_shown_as_people_write_them():
    assert shown((3, 224, 224)) == "3x224x224"
