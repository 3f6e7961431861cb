"""Layers: a base is written out in the order it runs; a variant is its base's text with what it changes replaced."""

from inspect import signature
from math import sqrt

import pytest
import torch
from torch import nn

import architectures
from architectures.residual import Residual

BLOCK = "Linear(64, 64) ReLU() Linear(64, 64) ReLU() "

# Torch's defaults are left out; a size that is the same both ways stands once.
BASES = {
    "softmax_regression": "Flatten() Linear(784, 10)",
    "mlp": """
        Flatten() Linear(784, 512) ReLU() Dropout(p=0.2)
        Linear(512, 512) ReLU() Dropout(p=0.2)
        Linear(512, 10)""",
    "mlp12": f"Flatten() Linear(784, 64) ReLU() {5 * BLOCK}Linear(64, 10)",
    "lenet5": """
        Conv2d(1, 6, 5, padding=2) ReLU() MaxPool2d(2, stride=2)
        Conv2d(6, 16, 5) ReLU() MaxPool2d(2, stride=2)
        Flatten() Linear(400, 120) ReLU() Linear(120, 84) ReLU() Linear(84, 10)""",
    "lenet1": """
        Conv2d(1, 4, 5) Tanh() AvgPool2d(2, stride=2)
        Conv2d(4, 12, 5) Tanh() AvgPool2d(2, stride=2)
        Flatten() Linear(192, 10)""",
    "lenet_strided": """
        Conv2d(1, 16, 5, stride=2) ReLU() Conv2d(16, 32, 3) MaxPool2d(2, stride=2) ReLU()
        Flatten() Linear(800, 128) ReLU() Linear(128, 10)""",
    "convnet": """
        Conv2d(1, 16, 3, padding=1) ReLU() MaxPool2d(2, stride=2)
        Conv2d(16, 32, 3, padding=1) ReLU() MaxPool2d(2, stride=2)
        Conv2d(32, 32, 3, padding=1) ReLU()
        Flatten() Linear(1568, 10)""",
    "convnet_keras": """
        Conv2d(1, 32, 3) ReLU() Conv2d(32, 64, 3) ReLU() MaxPool2d(2, stride=2) Dropout(p=0.25)
        Flatten() Linear(9216, 128) ReLU() Dropout() Linear(128, 10)""",
    "convnet_keras_2015": """
        Conv2d(1, 32, 3, padding=2) ReLU() Conv2d(32, 32, 3) ReLU() MaxPool2d(2, stride=2) Dropout(p=0.25)
        Flatten() Linear(6272, 128) ReLU() Dropout() Linear(128, 10)""",
    "alexnet_small": """
        Conv2d(1, 16, 5, padding=2) ReLU() MaxPool2d(3, stride=2)
        Conv2d(16, 48, 5, padding=2) ReLU() MaxPool2d(3, stride=2)
        Conv2d(48, 96, 3, padding=1) ReLU()
        Conv2d(96, 64, 3, padding=1) ReLU()
        Conv2d(64, 64, 3, padding=1) ReLU() MaxPool2d(3, stride=2)
        Flatten() Dropout() Linear(256, 256) ReLU() Dropout() Linear(256, 256) ReLU() Linear(256, 10)""",
    "vgg4": """
        Conv2d(1, 16, 3, padding=1) ReLU() MaxPool2d(2, stride=2)
        Conv2d(16, 32, 3, padding=1) ReLU() MaxPool2d(2, stride=2)
        Flatten() Linear(1568, 128) ReLU() Dropout() Linear(128, 10)""",
    "resnet8": """
        Conv2d(1, 16, 3, padding=1, bias=None) BatchNorm2d(16) ReLU()
        Conv2d(16, 16, 3, padding=1, bias=None) BatchNorm2d(16) ReLU()
        Conv2d(16, 16, 3, padding=1, bias=None) BatchNorm2d(16) Shortcut(1) ReLU()
        Conv2d(16, 32, 3, stride=2, padding=1, bias=None) BatchNorm2d(32) ReLU()
        Conv2d(32, 32, 3, padding=1, bias=None) BatchNorm2d(32) Shortcut(2) ReLU()
        Conv2d(32, 64, 3, stride=2, padding=1, bias=None) BatchNorm2d(64) ReLU()
        Conv2d(64, 64, 3, padding=1, bias=None) BatchNorm2d(64) Shortcut(2) ReLU()
        AdaptiveAvgPool2d(1) Flatten() Linear(64, 10)""",
    "allcnn_c": """
        Dropout(p=0.2)
        Conv2d(3, 96, 3, padding=1) ReLU() Conv2d(96, 96, 3, padding=1) ReLU()
        Conv2d(96, 96, 3, stride=2, padding=1) ReLU() Dropout()
        Conv2d(96, 192, 3, padding=1) ReLU() Conv2d(192, 192, 3, padding=1) ReLU()
        Conv2d(192, 192, 3, stride=2, padding=1) ReLU() Dropout()
        Conv2d(192, 192, 3) ReLU() Conv2d(192, 192, 1) ReLU() Conv2d(192, 10, 1)
        AdaptiveAvgPool2d(1) Flatten()""",
    "airbench94": """
        Conv2d(3, 24, 2) GELU()
        Conv2d(24, 64, 3, padding=1, bias=None) MaxPool2d(2, stride=2) ShiftNorm(64) GELU()
        Conv2d(64, 64, 3, padding=1, bias=None) ShiftNorm(64) GELU()
        Conv2d(64, 256, 3, padding=1, bias=None) MaxPool2d(2, stride=2) ShiftNorm(256) GELU()
        Conv2d(256, 256, 3, padding=1, bias=None) ShiftNorm(256) GELU()
        Conv2d(256, 256, 3, padding=1, bias=None) MaxPool2d(2, stride=2) ShiftNorm(256) GELU()
        Conv2d(256, 256, 3, padding=1, bias=None) ShiftNorm(256) GELU()
        AdaptiveMaxPool2d(1) Flatten() Linear(256, 10, bias=None) Scale(0.1111111111111111)""",
    "debug": "Conv2d(1, 2, 5, stride=5) ReLU() Flatten() Linear(50, 10)",
}

HIDDEN = "Linear(512, 512) ReLU() Dropout(p=0.2) "
SECOND, THIRD = "Conv2d(16, 32, 3, padding=1)", "Conv2d(32, 32, 3, padding=1)"
NORMED = {f"{width}, 3, padding=1)": f"{width}, 3, padding=1) BatchNorm2d({width})" for width in (16, 32, 64)}
NO_SHORTCUT = {"Shortcut(1) ": "", "Shortcut(2) ": ""}

VARIANTS = {
    ("mlp_one_hidden", "mlp"): {HIDDEN: ""},
    ("mlp_three_hidden", "mlp"): {HIDDEN: HIDDEN * 2},
    ("mlp_deep", "mlp"): {HIDDEN: HIDDEN * 5},
    ("mlp_wide", "mlp"): {"512": "2048"},
    ("mlp_sigmoid", "mlp"): {"ReLU": "Sigmoid"},
    ("mlp_tanh", "mlp"): {"ReLU": "Tanh"},
    ("mlp_gelu", "mlp"): {"ReLU": "GELU"},
    ("mlp_bn", "mlp"): {"ReLU": "BatchNorm1d(512) ReLU"},
    ("mlp_no_dropout", "mlp"): {"Dropout(p=0.2) ": ""},
    ("mlp_log_softmax", "mlp"): {"10)": "10) LogSoftmax(dim=1)"},
    ("mlp12_sigmoid", "mlp12"): {"ReLU": "Sigmoid"},
    ("mlp12_he", "mlp12"): {},
    ("mlp12_residual", "mlp12"): {BLOCK: "Linear(64, 64) ReLU() Linear(64, 64) Identity() ReLU() "},
    ("lenet5_1998", "lenet5"): {"ReLU": "Tanh", "MaxPool2d": "AvgPool2d"},
    ("convnet_replicate", "convnet"): {"padding=1": "padding=1, padding_mode=replicate"},
    ("convnet_reflect", "convnet"): {"padding=1": "padding=1, padding_mode=reflect"},
    ("convnet_crop", "convnet"): {", padding=1": "", "1568": "288"},
    ("convnet_average_pool", "convnet"): {"MaxPool2d": "AvgPool2d"},
    ("convnet_strided", "convnet"): {
        "1, 16, 3": "1, 16, 3, stride=2",
        "16, 32, 3": "16, 32, 3, stride=2",
        "MaxPool2d(2, stride=2) ": "",
    },
    ("convnet_kernel5", "convnet"): {"3, padding=1": "5, padding=2"},
    ("convnet_kernel7", "convnet"): {"3, padding=1": "7, padding=3"},
    ("conv_bottleneck", "convnet"): {
        SECOND: "Conv2d(16, 8, 1) ReLU() Conv2d(8, 8, 3, padding=1) ReLU() Conv2d(8, 32, 1)",
        THIRD: "Conv2d(32, 8, 1) ReLU() Conv2d(8, 8, 3, padding=1) ReLU() Conv2d(8, 32, 1)",
    },
    ("conv_grouped", "convnet"): {"32, 3, padding=1": "32, 3, padding=1, groups=4"},
    ("conv_shuffled", "conv_grouped"): {"groups=4)": "groups=4) ChannelShuffle(4)"},
    ("conv_separable", "convnet"): {
        SECOND: "Conv2d(16, 16, 3, padding=1, groups=16) Conv2d(16, 32, 1)",
        THIRD: "Conv2d(32, 32, 3, padding=1, groups=32) Conv2d(32, 32, 1)",
    },
    ("conv_dilated", "convnet"): {"32, 3, padding=1": "32, 3, padding=2, dilation=2"},
    ("conv_asymmetric", "convnet"): {
        "32, 3, padding=1)": "32, (3, 1), padding=(1, 0)) Conv2d(32, 32, (1, 3), padding=(0, 1))"
    },
    ("vgg6", "vgg4"): {
        "1, 16, 3, padding=1)": "1, 16, 3, padding=1) ReLU() Conv2d(16, 16, 3, padding=1)",
        SECOND: f"{SECOND} ReLU() {THIRD}",
    },
    ("vgg8", "vgg6"): {
        "Flatten()": "Conv2d(32, 64, 3, padding=1) ReLU() Conv2d(64, 64, 3, padding=1) ReLU() MaxPool2d(2, stride=2) "
        "Flatten()",
        "1568": "576",
    },
    ("vgg4_bn", "vgg4"): NORMED,
    ("vgg6_bn", "vgg6"): NORMED,
    ("vgg8_bn", "vgg8"): NORMED,
    ("plain8", "resnet8"): NO_SHORTCUT,
    ("plain14", "resnet14"): NO_SHORTCUT,
    ("plain20", "resnet20"): NO_SHORTCUT,
}


def layers(name):
    """The layers in the order they run: each its kind and settings."""
    calls = []
    with torch.device("meta"):
        network = architectures.build(name)
        for layer in network.modules():
            if not any(True for _ in layer.children()):
                layer.register_forward_pre_hook(lambda layer, _: calls.append(layer))
        network(torch.empty(2, *architectures.get(name).input_shape))
    return calls


def written(name):
    return " ".join(f"{type(layer).__name__}({', '.join(settings(layer))})" for layer in layers(name))


def settings(layer):
    for name, parameter in signature(type(layer)).parameters.items():
        value = getattr(layer, name, parameter.default)
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        if not isinstance(value, torch.Tensor) and value != parameter.default:
            yield str(value) if parameter.default is parameter.empty else f"{name}={value}"


@pytest.mark.parametrize("name", BASES)
def test_the_layers_of_a_base(name):
    assert written(name).split() == BASES[name].split()


@pytest.mark.parametrize(("variant", "base"), VARIANTS)
def test_a_variant_differs_from_its_base_in_this_and_nothing_else(variant, base):
    expected = written(base)
    for old, new in VARIANTS[variant, base].items():
        expected = expected.replace(old, new)
    assert written(variant).split() == expected.split()


@pytest.mark.parametrize(
    ("name", "initials"),  # Conv2d, BatchNorm2d, ReLU, Shortcut, Identity, AdaptiveAvgPool2d, Flatten, Linear
    [
        ("resnet8", "CBR" + 3 * "CBRCBSR" + "AFL"),
        ("resnet14", "CBR" + 6 * "CBRCBSR" + "AFL"),
        ("resnet20", "CBR" + 9 * "CBRCBSR" + "AFL"),
        ("resnet20_preactivation", "C" + 9 * "BRCBRCSI" + "BRAFL"),
        ("resnet20_bottleneck", "CBR" + 6 * "CBRCBRCBSR" + "AFL"),
    ],
)
def test_the_order_within_the_blocks_of_a_residual_network(name, initials):
    assert "".join(type(layer).__name__[0] for layer in layers(name)) == initials


def test_the_small_alexnet_has_the_kinds_of_layers_of_the_large_one():
    small, large = ([type(layer) for layer in layers(name)] for name in ("alexnet_small", "alexnet"))
    assert [kind for kind in small if kind is not nn.Flatten] == [
        kind for kind in large if kind is not nn.AdaptiveAvgPool2d
    ]


@pytest.mark.parametrize("name", architectures.names("plain*", "resnet8", "resnet14", "resnet20*"))
def test_past_blocks_that_give_nothing_the_image_comes_only_through_shortcuts(name):
    torch.manual_seed(0)
    network = architectures.build(name).eval()
    for block in network:
        if isinstance(block, Residual | nn.Sequential):
            branch = block.branch if isinstance(block, Residual) else block[0]
            nn.init.zeros_(branch[-1].weight)
    first, second = network(torch.rand(2, 1, 28, 28))
    assert torch.equal(first, second) == name.startswith("plain")


def test_airbench94_begins_as_the_identity_of_its_first_channels_and_learns_no_factors():
    """Of the 1,971,640 weights that are published."""
    torch.manual_seed(0)
    network = architectures.build("airbench94")
    kept = [layer for layer in network if isinstance(layer, nn.Conv2d)][1:]
    images = torch.randn(2, 24, 8, 8)
    assert torch.allclose(kept[0](images)[:, :24], images, atol=1e-6)
    assert len(kept) == 6
    norms = [layer for layer in network if isinstance(layer, nn.BatchNorm2d)]
    assert [(norm.weight, norm.bias.shape) for norm in norms] == [(None, norm.running_mean.shape) for norm in norms]


def test_the_first_net_of_keras_draws_filters_from_fans_that_count_its_outputs_once():
    """Glorot & Bengio would have 6 / (9 + 32 * 9) under the root of the first bound."""
    torch.manual_seed(0)
    network = architectures.build("convnet_keras_2015")
    weighted = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    bounds = [sqrt(6 / (fan_in + fan_out)) for fan_in, fan_out in ((9, 32), (288, 32), (6272, 128), (128, 10))]
    assert [float(layer.weight.detach().abs().max()) for layer in weighted] == pytest.approx(bounds, rel=0.02)
    assert all(float(layer.weight.detach().abs().max()) <= bound for layer, bound in zip(weighted, bounds, strict=True))
    assert not any(layer.bias.any() for layer in weighted)
