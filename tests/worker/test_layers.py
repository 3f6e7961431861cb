"""Layers: their lines add up to the network, for every architecture and for networks of any make."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import architectures
from architectures.registry import Registry
from bench.plan.task import LayersRequest
from bench.worker import layers
from bench.worker.layers import APART, describe_layers


class Told(dict):
    """A channel that keeps what is sent."""

    send = dict.__setitem__


def layers_of(name, dataset=""):
    told = Told()
    describe_layers(LayersRequest(name, dataset), told)
    return told["layers"]


def by_layer(summary):
    return {line["layer"]: line for line in summary["layers"]}


def test_the_layers_of_lenet5_are_those_of_the_paper():
    summary = layers_of("lenet5")
    shapes = [line["output_shape"] for line in summary["layers"] if line["kind"] in ("Conv2d", "Linear")]
    parameters = [line["parameters"] for line in summary["layers"] if line["kind"] in ("Conv2d", "Linear")]
    flops = [line["flops"] for line in summary["layers"] if line["kind"] in ("Conv2d", "Linear")]
    assert shapes == [[6, 28, 28], [16, 10, 10], [120], [84], [10]]
    assert parameters == [6 * 25 + 6, 16 * 6 * 25 + 16, 400 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10]
    # two operations for each weight at each place of its output
    assert flops == [2 * 150 * 28 * 28, 2 * 2400 * 10 * 10, 2 * 400 * 120, 2 * 120 * 84, 2 * 84 * 10]


@pytest.mark.parametrize("name", [name for name in architectures.names() if architectures.get(name).family != "zoo"])
def test_the_lines_add_up_and_end_in_the_classes(name):
    summary = layers_of(name)
    layers = summary["layers"]
    assert sum(line["parameters"] for line in layers) == summary["parameters"] == architectures.get(name).parameters
    assert sum(line["flops"] for line in layers) == summary["flops"] > 0
    assert [line["output_shape"] for line in layers if line["layer"] != APART][-1] == [10]
    assert {"family", "description", "source", "input_shape", "num_classes"} <= summary.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet50"])
def test_a_network_of_the_zoo_adds_up_too(name):
    summary = layers_of(name)
    assert sum(line["parameters"] for line in summary["layers"]) == summary["parameters"]
    assert summary["parameters"] == architectures.get(name).parameters
    assert summary["layers"][-1]["output_shape"] == [1000]


def test_a_data_set_gives_shape_and_classes():
    summary = layers_of("vgg4", "synthetic:3x40x40:7")
    assert (summary["input_shape"], summary["num_classes"]) == ([3, 40, 40], 7)
    first, last = summary["layers"][0], summary["layers"][-1]
    assert first["arguments"].startswith("3, ")
    assert first["output_shape"][1:] == [40, 40]
    assert last["output_shape"] == [7]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (LayersRequest("lenet6"), ["unknown architecture 'lenet6'", "'lenet5'?", "list architectures"]),
        (LayersRequest("lenet5", "mnits"), ["unknown data set 'mnits'", "'mnist'?"]),
        (LayersRequest("lenet5", "synthetic:1x2x2:10"), ["'lenet5' cannot be built", "1x2x2"]),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(wanted, words):
    told = Told()
    describe_layers(wanted, told)
    assert list(told) == ["refused"]
    assert [word for word in words if word not in told["refused"]] == []
    assert "\n" not in told["refused"]


class Odd(nn.Module):
    """Weights of its own beside a layer that it calls twice, and arithmetic in no layer."""

    def __init__(self):
        super().__init__()
        self.own = nn.Parameter(torch.zeros(784, 10))
        self.twice = nn.Linear(10, 10)

    def forward(self, images):
        return self.twice(F.relu(self.twice(images.flatten(1) @ self.own)))


class Real(nn.Linear):
    """A layer that looks at values, which the meta device has none of."""

    def forward(self, images):
        if images.device.type != "meta":
            assert float(images.sum()) == float(images.sum())
        elif not torch.is_grad_enabled() and images.shape[0] == 1:
            raise NotImplementedError("no values here")
        return super().forward(images.flatten(1))


@pytest.fixture
def registered(monkeypatch):
    """A registry of its own with the odd networks of this file."""
    registry = Registry("nobody.knows")

    @registry.register(family="odd")
    def odd(_shape, _classes):
        return Odd()

    @registry.register(family="odd")
    def real(_shape, _classes):
        return Real(784, 10)

    for name in ("names", "get", "build"):
        monkeypatch.setattr(layers.architectures, name, getattr(registry, name))


def test_what_lies_in_no_layer_has_a_line_and_a_layer_called_twice_counts_its_weights_once(registered):
    summary = layers_of("odd")
    assert [(line["layer"], line["parameters"], line["flops"]) for line in summary["layers"]] == [
        ("twice", 110, 200),
        ("twice", 0, 200),
        (APART, 7840, 2 * 7840),
    ]
    assert summary["parameters"] == 7950


def test_a_network_that_needs_real_tensors_gets_them(registered):
    summary = layers_of("real")
    assert [(line["layer"], line["kind"], line["parameters"]) for line in summary["layers"]] == [(APART, "Real", 7850)]
