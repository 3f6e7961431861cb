"""The catalogue: the FLOPs that are listed are those counted by hand, and those published."""

import signal
import sys
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


@pytest.mark.parametrize("name", ["lenet5", "nets.py:Net"])
def test_a_net_that_ended_a_worker_is_listed_with_that_and_neither_tried_nor_hides_others(name):
    request = CatalogueRequest(
        (name, "mlp"), datasets=("mnist", "synthetic"), left_out={name: "the worker was ended by SIGABRT"}
    )
    catalogue = catalogue_of(request)
    facts = next(facts for label, facts in catalogue.architectures.items() if label in name)
    trouble = f"'{name}': the process that tried it did not go on: the worker was ended by SIGABRT"
    assert facts["trouble"] == trouble
    assert facts["incompatible"] == {"mnist": trouble, "synthetic": trouble}
    assert "flops_forward" not in facts
    assert trouble in catalogue.problems
    assert catalogue.architectures["mlp"]["flops_forward"] > 0


class Odd(nn.Module):
    """A net that is unlike others in one way."""

    def __init__(self, input_shape, num_classes, how):
        super().__init__()
        if how == "raises":
            raise ValueError("out of order")
        self.layer, self.how = nn.Linear(3 * 32 * 32 if how == "other" else 784, num_classes), how

    def forward(self, images):
        logits = self.layer(images.flatten(1))
        if self.how == "item":
            return logits * (1 + 0 * logits.mean().item())
        return (logits, logits) if self.how == "tuple" else logits


class Interrupts(nn.Module):
    """A net that raises what Ctrl-C raises."""

    def __init__(self, *_):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("name", "build", "trouble"),
    [
        ("odd_tuple", lambda shape, classes: Odd(shape, classes, "tuple"), None),
        ("odd_item", lambda shape, classes: Odd(shape, classes, "item"), None),
        ("odd_other", lambda shape, classes: Odd(shape, classes, "other"), "cannot take images of 1x28x28"),
        (
            "odd_raises",
            lambda shape, classes: Odd(shape, classes, "raises"),
            "cannot be built: ValueError: out of order",
        ),
        ("odd_class", nn.Linear, "cannot be built: TypeError"),
        ("odd_nothing", lambda shape, classes: None, "'odd_nothing'"),
        ("odd_exit", lambda shape, classes: sys.exit(3), "cannot be built: SystemExit: 3"),
        ("odd_interrupt", Interrupts, "cannot be built: KeyboardInterrupt"),
    ],
)
def test_an_odd_net_of_a_plug_in_is_counted_or_listed_with_the_reason(monkeypatch, name, build, trouble):
    entry = Architecture(name, "odd", build, module=__name__, package="odd-nets")
    monkeypatch.setitem(registry._suite._architectures, name, entry)
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)  # as in a worker, which ignores Ctrl-C
    nets = catalogue_of(CatalogueRequest(architectures=(name, "lenet5"), datasets=("mnist",))).architectures
    facts = nets[name]
    assert facts["registered_by"] == "odd-nets"
    assert nets["lenet5"]["flops_forward"] == 833_040
    if trouble is None:
        assert facts["flops_forward"] == 2 * 784 * 10
        assert facts["incompatible"] == {}
    else:
        assert trouble in facts["trouble"]
        assert "flops_forward" not in facts
        assert facts["incompatible"]["mnist"] == facts["trouble"]


def test_a_net_that_defines_its_head_first_can_be_whitened(tmp_path, monkeypatch):
    (tmp_path / "head_last.py").write_text(
        "from torch import nn\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.head, self.late, self.stem = nn.Linear(4, 10), nn.Conv2d(6, 4, 24), nn.Conv2d(1, 6, 5)\n\n"
        "    def forward(self, images):\n"
        "        return self.head(self.late(self.stem(images)).flatten(1))\n"
    )
    monkeypatch.setenv("BENCH_BASE", str(tmp_path))
    facts = catalogue_of(CatalogueRequest(("head_last.py:Net",))).architectures["Net"]
    assert "whitened" not in facts["cannot"]


def test_a_net_says_beforehand_what_it_has_no_parts_or_filters_for():
    nets = catalogue_of(CatalogueRequest(("softmax_regression", "lenet5"))).architectures
    assert nets["lenet5"]["cannot"] == {}
    assert "no blocks" in nets["softmax_regression"]["cannot"]["recompute"]
    assert "no convolution of 'softmax_regression' takes the images" in nets["softmax_regression"]["cannot"]["whitened"]
