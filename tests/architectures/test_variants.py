"""Variants start from the weights of their base, and figures of the literature hold."""

import pytest
import torch
from torch import nn

import architectures


def weights(name, shape=(1, 28, 28)):
    """All tensors with one seed, in order, without the names that the place of a layer gives them."""
    torch.manual_seed(5)
    return list(architectures.build(name, shape, 10).state_dict().values())


def layers(name, kind, shape=(1, 28, 28)):
    with torch.device("meta"):
        return [layer for layer in architectures.build(name, shape, 10).modules() if isinstance(layer, kind)]


@pytest.mark.parametrize(
    ("variant", "base"),
    [
        ("mlp_sigmoid", "mlp"),
        ("mlp_tanh", "mlp"),
        ("mlp_gelu", "mlp"),
        ("mlp_no_dropout", "mlp"),
        ("mlp_log_softmax", "mlp"),
        ("mlp12_sigmoid", "mlp12"),
        ("mlp12_residual", "mlp12"),
        ("lenet5_1998", "lenet5"),
        ("convnet_replicate", "convnet"),
        ("convnet_reflect", "convnet"),
        ("convnet_average_pool", "convnet"),
        ("convnet_strided", "convnet"),
        ("conv_dilated", "convnet"),
        ("conv_shuffled", "conv_grouped"),
        ("plain8", "resnet8"),
        ("plain14", "resnet14"),
        ("plain20", "resnet20"),
    ],
)
def test_a_variant_without_weights_of_its_own_starts_from_the_very_weights_of_its_base(variant, base):
    ours, theirs = weights(variant), weights(base)
    assert len(ours) == len(theirs)
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("vgg4", 4),
        ("vgg6", 6),
        ("vgg8_bn", 8),
        ("resnet8", 8),
        ("resnet14", 14),
        ("plain20", 20),
        ("resnet20_preactivation", 20),
        ("resnet20_bottleneck", 20),
        ("alexnet_small", 8),
        ("lenet5", 5),
        ("mlp12_residual", 12),
    ],
)
def test_the_number_in_the_name_counts_layers_with_weights(name, count):
    assert len(layers(name, nn.Conv2d | nn.Linear)) == count


@pytest.mark.parametrize(
    ("name", "shape", "classes", "count"),
    [
        ("softmax_regression", (1, 28, 28), 10, 7_850),
        ("mlp", (1, 28, 28), 10, 669_706),  # Keras examples/mnist_mlp.py: 669,706
        ("convnet_keras", (1, 28, 28), 10, 1_199_882),  # Keras examples/mnist_cnn.py: 1,199,882
        ("convnet_keras_2015", (1, 28, 28), 10, 320 + 9_248 + 6_272 * 128 + 128 + 1_290),
        ("lenet5", (1, 28, 28), 10, 61_706),
        ("resnet20", (1, 28, 28), 10, 269_722 - 2 * 16 * 9),  # one channel of input instead of the paper's three
        ("alexnet", (3, 224, 224), 1000, 61_100_840),
        ("googlenet", (3, 224, 224), 1000, 6_624_904),
        ("vgg16", (3, 224, 224), 1000, 138_357_544),
        ("vgg19", (3, 224, 224), 1000, 143_667_240),
        ("resnet18", (3, 224, 224), 1000, 11_689_512),
        ("resnet34", (3, 224, 224), 1000, 21_797_672),
        ("resnet50", (3, 224, 224), 1000, 25_557_032),
        ("resnet101", (3, 224, 224), 1000, 44_549_160),
        ("resnet152", (3, 224, 224), 1000, 60_192_808),
    ],
)
def test_published_numbers_of_parameters_are_those_of_the_entry(name, shape, classes, count):
    entry = architectures.get(name)  # that the network has as many is part of the contract
    assert (entry.input_shape, entry.num_classes, entry.parameters) == (shape, classes, count)


def test_resnet20_is_the_papers_on_the_papers_images():
    with torch.device("meta"):
        network = architectures.build("resnet20", (3, 32, 32), 10)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 269_722  # He et al. 2015, table 6: 0.27 million


def test_the_log_softmax_head_gives_log_probabilities():
    outputs = architectures.build("mlp_log_softmax").eval()(torch.rand(3, 1, 28, 28))
    assert torch.allclose(outputs.exp().sum(1), torch.ones(3))


def test_the_shortcut_halves_the_image_and_adds_empty_channels():
    from architectures.resnet import Shortcut

    images = torch.rand(1, 2, 5, 4)
    outputs = Shortcut(2, 5, stride=2)(images)
    assert outputs.shape == (1, 5, 3, 2)
    assert torch.equal(outputs[:, :2], images[:, :, ::2, ::2])
    assert not outputs[:, 2:].any()
    assert Shortcut(2, 2, stride=1)(images) is images
