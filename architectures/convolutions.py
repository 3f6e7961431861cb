"""Kinds of convolution: `convnet` with its second and third convolution replaced by a cheaper or wider-reaching kind.

`convnet` itself is the standard kind. The first convolution stays: one channel can be neither grouped nor squeezed.
Sizes are those of the second convolution for 1x28x28, 16x14x14 -> 32x14x14; the third is 32x7x7 -> 32x7x7.
"""

from torch import nn

from architectures.convnet import Convolution, small_cnn
from architectures.registry import register
from architectures.shapes import Shape

GROUPS = 4


def _bottleneck(inputs: int, outputs: int) -> nn.Module:
    squeezed = outputs // 4  # 8
    return nn.Sequential(
        nn.Conv2d(inputs, squeezed, kernel_size=1),  # 8x14x14
        nn.ReLU(),
        nn.Conv2d(squeezed, squeezed, kernel_size=3, padding=1),  # 8x14x14
        nn.ReLU(),
        nn.Conv2d(squeezed, outputs, kernel_size=1),  # 32x14x14
    )


def _grouped(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, groups=GROUPS)  # each group 4x14x14 -> 8x14x14


def _shuffled(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(_grouped(inputs, outputs), nn.ChannelShuffle(GROUPS))  # 32x14x14, in another order


def _separable(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, kernel_size=3, padding=1, groups=inputs),  # 16x14x14, depthwise: each channel alone
        nn.Conv2d(inputs, outputs, kernel_size=1),  # 32x14x14, pointwise: mixes the channels
    )


def _dilated(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=3, padding=2, dilation=2)  # 32x14x14


def _asymmetric(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=(3, 1), padding=(1, 0)),  # 32x14x14
        nn.Conv2d(outputs, outputs, kernel_size=(1, 3), padding=(0, 1)),  # 32x14x14
    )


def _with(convolution: Convolution, input_shape: Shape, num_classes: int) -> nn.Module:
    return small_cnn(input_shape, num_classes, middle=convolution, last=convolution)


@register(family="convolutions", parameters=17_994, source="He et al. 2016, arXiv:1512.03385, figure 5")
def conv_bottleneck(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with bottlenecks: 1x1 down to a quarter of the channels, 3x3, 1x1 up again."""
    return _with(_bottleneck, input_shape, num_classes)


@register(family="convolutions", parameters=19_370, source="Krizhevsky et al. 2012; Xie et al. 2017, arXiv:1611.05431")
def conv_grouped(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with 3x3 convolutions in 4 groups of channels that do not see each other."""
    return _with(_grouped, input_shape, num_classes)


@register(family="convolutions", parameters=19_370, source="Zhang et al. 2018, ShuffleNet, arXiv:1707.01083")
def conv_shuffled(input_shape: Shape, num_classes: int) -> nn.Module:
    """`conv_grouped` with the channels shuffled across the groups after each convolution."""
    return _with(_shuffled, input_shape, num_classes)


@register(family="convolutions", parameters=17_930, source="Howard et al. 2017, MobileNets, arXiv:1704.04861")
def conv_separable(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with depthwise separable convolutions: 3x3 on each channel, then 1x1 across channels."""
    return _with(_separable, input_shape, num_classes)


@register(family="convolutions", parameters=29_738, source="Yu & Koltun 2016, arXiv:1511.07122")
def conv_dilated(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with 3x3 kernels spread over 5x5 pixels (dilation 2)."""
    return _with(_dilated, input_shape, num_classes)


@register(family="convolutions", parameters=26_730, source="Jin, Dundar & Culurciello 2015, arXiv:1412.5474")
def conv_asymmetric(input_shape: Shape, num_classes: int) -> nn.Module:
    """`convnet` with flattened convolutions: 3x1, then 1x3."""
    return _with(_asymmetric, input_shape, num_classes)
