"""One small CNN and variants that change its edges, pooling or kernel size alone; and the CNNs of Keras' examples."""

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Literal

from torch import nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.shapes import Shape, flat_size

Convolution = Callable[[int, int], nn.Module]  # (input channels, output channels) -> layer
Padding = Literal["zeros", "replicate", "reflect"]


def same3x3(inputs: int, outputs: int, stride: int = 1, padding_mode: Padding = "zeros") -> nn.Conv2d:
    """The standard convolution: 3x3, as large after as before."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, padding_mode=padding_mode)


def crop3x3(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution without padding: every side loses one pixel."""
    return nn.Conv2d(inputs, outputs, kernel_size=3)


def same5x5(inputs: int, outputs: int) -> nn.Conv2d:
    """A 5x5 convolution, as large after as before."""
    return nn.Conv2d(inputs, outputs, kernel_size=5, padding=2)


def same7x7(inputs: int, outputs: int) -> nn.Conv2d:
    """A 7x7 convolution, as large after as before."""
    return nn.Conv2d(inputs, outputs, kernel_size=7, padding=3)


def small_cnn(
    input_shape: Shape,
    num_classes: int,
    *,
    stem: Convolution = same3x3,
    middle: Convolution = same3x3,
    last: Convolution = same3x3,
    pool: Callable[[int], nn.Module] | None = nn.MaxPool2d,
) -> nn.Module:
    """Three convolutions 16-32-32, the first two pooled, and one linear layer on all that is left."""

    def halve() -> list[nn.Module]:
        return [pool(2)] if pool else []

    features = nn.Sequential(  # sizes for 1x28x28 and the standard convolution
        stem(input_shape[0], 16),  # 16x28x28
        nn.ReLU(),
        *halve(),  # 16x14x14
        middle(16, 32),  # 32x14x14
        nn.ReLU(),
        *halve(),  # 32x7x7
        last(32, 32),  # 32x7x7
        nn.ReLU(),
        nn.Flatten(),
    )
    network = nn.Sequential(features, nn.Linear(flat_size(features, input_shape), num_classes))
    return he_initialized(network)  # or the kinds of convolution made of several layers would begin to learn late


def _everywhere(input_shape: Shape, num_classes: int, convolution: Convolution) -> nn.Module:
    return small_cnn(input_shape, num_classes, stem=convolution, middle=convolution, last=convolution)


@register(family="convnet", parameters=29_738, source="the base of the comparisons here")
def convnet(input_shape: Shape, num_classes: int) -> nn.Module:
    """Three 3x3 convolutions 16-32-32, zero padding, max pooling, one linear layer."""
    return small_cnn(input_shape, num_classes)


@register(family="convnet", parameters=29_738, source="Islam, Jia & Bruce 2020, arXiv:2001.08248")
def convnet_replicate(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` that extends the edge pixels instead of padding with zeros."""
    return _everywhere(input_shape, num_classes, partial(same3x3, padding_mode="replicate"))


@register(family="convnet", parameters=29_738, source="Islam, Jia & Bruce 2020, arXiv:2001.08248")
def convnet_reflect(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` that mirrors the image at its edges instead of padding with zeros."""
    return _everywhere(input_shape, num_classes, partial(same3x3, padding_mode="reflect"))


@register(family="convnet", parameters=16_938, source="Dumoulin & Visin 2016, arXiv:1603.07285, 2.1")
def convnet_crop(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` without padding: the edges are cropped, and the linear layer has fewer inputs."""
    return _everywhere(input_shape, num_classes, crop3x3)


@register(family="convnet", parameters=29_738, source="Scherer, Mueller & Behnke 2010, ICANN")
def convnet_average_pool(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with average instead of max pooling."""
    return small_cnn(input_shape, num_classes, pool=nn.AvgPool2d)


@register(family="convnet", parameters=29_738, source="Springenberg et al. 2015, arXiv:1412.6806 (Strided-CNN)")
def convnet_strided(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` whose first two convolutions take steps of 2 instead of being pooled."""
    halving = partial(same3x3, stride=2)
    return small_cnn(input_shape, num_classes, stem=halving, middle=halving, pool=None)


@register(family="convnet", parameters=54_570, source="Szegedy et al. 2016, arXiv:1512.00567, 3.1, on kernel size")
def convnet_kernel5(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with 5x5 instead of 3x3 kernels."""
    return _everywhere(input_shape, num_classes, same5x5)


@register(family="convnet", parameters=91_818, source="Szegedy et al. 2016, arXiv:1512.00567, 3.1, on kernel size")
def convnet_kernel7(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with 7x7 instead of 3x3 kernels."""
    return _everywhere(input_shape, num_classes, same7x7)


@register(family="convnet", parameters=1_199_882, source="Keras 2.0.0, examples/mnist_cnn.py")
def convnet_keras(input_shape: Shape, num_classes: int) -> nn.Module:
    """The CNN of Keras' examples: convolutions 32-64, pooling, 128 hidden, dropout 0.25 and 0.5, Glorot's weights."""
    net = _of_keras(input_shape, num_classes, filters=64, padding=0)  # features of 1x28x28: 64x12x12
    return net.apply(_draw_as_glorot)


@register(family="convnet", parameters=813_802, source="Keras examples/mnist_cnn.py of 2015; fans of Keras 0.2.0")
def convnet_keras_2015(input_shape: Shape, num_classes: int) -> nn.Module:
    """Its first form: 32-32, the first convolution padded by 2 ("full"), and its weights wider than Glorot's."""
    net = _of_keras(input_shape, num_classes, filters=32, padding=2)  # features of 1x28x28: 32x14x14
    return net.apply(_draw_as_keras_2015)


def _of_keras(input_shape: Shape, num_classes: int, filters: int, padding: int) -> nn.Sequential:
    features = nn.Sequential(
        nn.Conv2d(input_shape[0], 32, kernel_size=3, padding=padding),
        nn.ReLU(),
        nn.Conv2d(32, filters, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
    )
    return nn.Sequential(
        features,
        nn.Linear(flat_size(features, input_shape), 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, num_classes),
    )


def _draw_as_glorot(layer: nn.Module) -> None:
    """First weights as Keras draws them: Glorot & Bengio 2010, and biases of 0."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _draw_as_keras_2015(layer: nn.Module) -> None:
    """The same, but the fan out of a convolution is the number of its filters, whatever their size."""
    _draw_as_glorot(layer)
    if isinstance(layer, nn.Conv2d):
        bound = sqrt(6 / (layer.weight[0].numel() + layer.out_channels))
        nn.init.uniform_(layer.weight, -bound, bound)
