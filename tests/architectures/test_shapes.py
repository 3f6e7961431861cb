"""Any shape: a network is built that works, or the request is refused; nothing else happens."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import architectures
from architectures import ShapeError
from architectures.shapes import flat_size, output_shape, shown

SMALL = [name for name in architectures.names() if architectures.get(name).family != "zoo"]
ZOO = [name for name in architectures.names() if architectures.get(name).family == "zoo"]
SIDE_FOR_ALL = 15  # the three overlapping poolings of alexnet_small leave one pixel of 15

unhurried = settings(derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", SMALL)
@settings(unhurried, max_examples=8)
@given(
    channels=st.integers(1, 4),
    height=st.integers(1, 64),
    width=st.integers(1, 64),
    num_classes=st.integers(1, 20),
)
def test_a_network_fits_or_is_refused(name, channels, height, width, num_classes):
    with torch.device("meta"):
        try:
            network = architectures.build(name, (channels, height, width), num_classes)
        except ShapeError:
            assert min(height, width) < SIDE_FOR_ALL
            return
        assert network(torch.empty(3, channels, height, width)).shape == (3, num_classes)


@settings(unhurried, max_examples=40)
@given(name=st.sampled_from(SMALL), height=st.integers(1, 16), width=st.integers(1, 16))
def test_what_fits_on_the_meta_device_runs_on_the_cpu(name, height, width):
    try:
        network = architectures.build(name, (1, height, width), 3).eval()
    except ShapeError:
        return
    assert network(torch.rand(2, 1, height, width)).isfinite().all()


@pytest.mark.slow
@settings(unhurried, max_examples=30)
@given(name=st.sampled_from(ZOO), channels=st.integers(1, 4), side=st.integers(1, 256), num_classes=st.integers(1, 20))
def test_a_network_of_the_zoo_fits_or_is_refused(name, channels, side, num_classes):
    with torch.device("meta"):
        try:
            network = architectures.build(name, (channels, side, side), num_classes)
        except ShapeError:
            assert side < 64
            return
        assert network(torch.empty(2, channels, side, side)).shape == (2, num_classes)


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
