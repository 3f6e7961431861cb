"""The catalogue: the FLOPs that are listed are those counted by hand, and those published."""

from functools import partial

import numpy as np
import pytest
from torch import nn

from architectures import Architecture, registry
from architectures.fitting import fitted
from bench.plan.task import CatalogueRequest
from bench.worker.catalogue import catalogue_of


def flops(name):
    return catalogue_of(CatalogueRequest((name,))).architectures[name]["flops_forward"]


def test_flops_of_lenet5_follow_from_its_layers():
    # each output is a sum of products, two operations each: outputs times the weights of one
    expected = 2 * (
        6 * 28 * 28 * (1 * 5 * 5)  # 235,200 of the first convolution
        + 16 * 10 * 10 * (6 * 5 * 5)  # 480,000 of the second
        + 120 * 400  # 96,000
        + 84 * 120  # 20,160
        + 10 * 84  # 1,680
    )
    assert flops("lenet5") == expected == 833_040


@pytest.mark.parametrize(
    ("name", "published"),  # 10^9 multiply-adds, `_ops` of the weights' meta data in torchvision
    [
        ("alexnet", 0.714),
        pytest.param("googlenet", 1.498, marks=pytest.mark.slow),
        ("vgg16", 15.470),
        ("vgg19", 19.632),
        ("resnet18", 1.814),
        pytest.param("resnet34", 3.664, marks=pytest.mark.slow),
        pytest.param("resnet50", 4.089, marks=pytest.mark.slow),
        pytest.param("resnet101", 7.801, marks=pytest.mark.slow),
        pytest.param("resnet152", 11.514, marks=pytest.mark.slow),
    ],
)
def test_flops_of_the_zoo_are_twice_the_published_multiply_adds(name, published):
    assert flops(name) / 2 / 1e9 == pytest.approx(published, abs=0.0005)  # all the digits that it has


def test_what_is_not_asked_for_is_not_counted():
    assert "flops_forward" not in catalogue_of(CatalogueRequest(("lenet5",))).architectures["vgg16"]


def test_an_architecture_that_cannot_take_the_images_is_known_before_anything_is_measured():
    known = catalogue_of(CatalogueRequest(("vgg8", "lenet5"), ("mnist", "synthetic:1x4x4"))).architectures

    assert known["lenet5"]["incompatible"].keys() == {"synthetic:1x4x4"}
    assert "'lenet5' cannot be built" in known["lenet5"]["incompatible"]["synthetic:1x4x4"]
    assert "incompatible" not in known["mlp"]


def test_images_of_ones_own_are_entered_under_their_label(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, labels = np.zeros((6, 4, 4), np.uint8), np.arange(6) % 2
    np.savez("catalogued.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    catalogue = catalogue_of(CatalogueRequest(("vgg8", "softmax_regression"), ("npz:catalogued.npz", "mnist")))
    assert (catalogue.datasets["catalogued"]["name"], catalogue.datasets["catalogued"]["train"]) == ("catalogued", 6)
    assert catalogue.datasets["catalogued"]["origin"]["text"] == "npz:catalogued.npz"
    assert catalogue.architectures["vgg8"]["incompatible"].keys() == {"catalogued"}
    assert not catalogue.architectures["softmax_regression"]["incompatible"]


class Sized(nn.Module):
    def __init__(self, size, num_classes=10):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(size, num_classes))

    def forward(self, images):
        return self.layers(images)


def test_a_net_of_a_plug_in_is_tried_before_it_is_measured_and_told_from_where_it_is(monkeypatch):
    for name, build in (("needy", Sized), ("fitting", partial(Sized, 784))):
        entry = Architecture(name, "far", partial(fitted, build), module=__name__)
        monkeypatch.setitem(registry._suite._architectures, name, entry)
    nets = catalogue_of(CatalogueRequest(architectures=("needy", "fitting"), datasets=("mnist",))).architectures
    assert nets["needy"]["incompatible"] == {"mnist": "'needy' cannot be built: it needs arguments: size"}
    assert nets["fitting"]["incompatible"] == {}
    assert nets["fitting"]["plugin"]["text"] == f"{__name__}:fitting"
    assert "plugin" not in nets["lenet5"]
