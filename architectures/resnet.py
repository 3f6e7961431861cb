"""Residual networks of the CIFAR family, and the same networks without their shortcuts.

He, Zhang, Ren & Sun 2015, arXiv:1512.03385, section 4.2: 3x3 convolutions on 16, 32 and 64 channels, 6n + 2 layers,
shortcuts without weights (option A). So a plain network has exactly the weights of its residual twin.
"""

from collections.abc import Callable

from torch import Tensor, nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.residual import Residual
from architectures.shapes import Shape

HE_2015 = "He, Zhang, Ren & Sun 2015, arXiv:1512.03385, section 4.2"
Block = Callable[[int, int, int], nn.Module]  # (input channels, output channels, stride)


class Shortcut(nn.Module):
    """The identity; where the block halves the image or adds channels: every second pixel, new channels 0."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.new_channels = outputs - inputs
        self.stride = stride

    def forward(self, images: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        if self.new_channels == 0 and self.stride == 1:
            return images
        kept = images[:, :, :: self.stride, :: self.stride]
        return nn.functional.pad(kept, (0, 0, 0, 0, 0, self.new_channels))


def _conv(inputs: int, outputs: int, stride: int = 1, kernel_size: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2, bias=False)


def _two_layers(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(  # sizes of the first block of the second stage, from 16x28x28
        _conv(inputs, outputs, stride),  # 32x14x14
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        _conv(outputs, outputs),  # 32x14x14
        nn.BatchNorm2d(outputs),
    )


def _plain(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(_two_layers(inputs, outputs, stride), nn.ReLU())


def _residual(inputs: int, outputs: int, stride: int) -> nn.Module:
    return Residual(_two_layers(inputs, outputs, stride), Shortcut(inputs, outputs, stride), nn.ReLU())


def _preactivated(inputs: int, outputs: int, stride: int) -> nn.Module:
    branch = nn.Sequential(  # sizes of the first block of the second stage, from 16x28x28
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        _conv(inputs, outputs, stride),  # 32x14x14
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        _conv(outputs, outputs),  # 32x14x14
    )
    return Residual(branch, Shortcut(inputs, outputs, stride), nn.Identity())


def _bottleneck(inputs: int, outputs: int, stride: int) -> nn.Module:
    squeezed = outputs // 4
    branch = nn.Sequential(  # sizes of the first block of the second stage, from 64x28x28
        _conv(inputs, squeezed, kernel_size=1),  # 32x28x28
        nn.BatchNorm2d(squeezed),
        nn.ReLU(),
        _conv(squeezed, squeezed, stride),  # 32x14x14
        nn.BatchNorm2d(squeezed),
        nn.ReLU(),
        _conv(squeezed, outputs, kernel_size=1),  # 128x14x14
        nn.BatchNorm2d(outputs),
    )
    return Residual(branch, Shortcut(inputs, outputs, stride), nn.ReLU())


def _three_stages(block: Block, blocks: int, expansion: int = 1) -> tuple[list[nn.Module], int]:
    """The blocks of the three stages and the channels they end with; the second and third stage halve the image."""
    layers: list[nn.Module] = []
    channels = 16
    for stage in range(3):  # 16x28x28, 32x14x14, 64x7x7 for 28x28 and expansion 1
        width = 16 * 2**stage * expansion
        for index in range(blocks):
            layers.append(block(channels, width, 2 if stage > 0 and index == 0 else 1))
            channels = width
    return layers, channels


def _network(input_shape: Shape, num_classes: int, block: Block, blocks: int, expansion: int = 1) -> nn.Module:
    stages, channels = _three_stages(block, blocks, expansion)
    stem = [_conv(input_shape[0], 16), nn.BatchNorm2d(16), nn.ReLU()]  # 16x28x28
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes)]  # 64x7x7 -> 64 -> 10
    return he_initialized(nn.Sequential(*stem, *stages, *head))


@register(family="resnet", parameters=75_002, source=HE_2015)
def resnet8(input_shape: Shape, num_classes: int) -> nn.Module:
    """Residual network of 8 layers: one block a stage."""
    return _network(input_shape, num_classes, _residual, blocks=1)


@register(family="resnet", parameters=172_218, source=HE_2015)
def resnet14(input_shape: Shape, num_classes: int) -> nn.Module:
    """Residual network of 14 layers: two blocks a stage."""
    return _network(input_shape, num_classes, _residual, blocks=2)


@register(family="resnet", parameters=269_434, source=HE_2015)
def resnet20(input_shape: Shape, num_classes: int) -> nn.Module:
    """Residual network of 20 layers: three blocks a stage."""
    return _network(input_shape, num_classes, _residual, blocks=3)


@register(family="resnet", parameters=75_002, source=HE_2015)
def plain8(input_shape: Shape, num_classes: int) -> nn.Module:
    """`resnet8` without shortcuts."""
    return _network(input_shape, num_classes, _plain, blocks=1)


@register(family="resnet", parameters=172_218, source=HE_2015)
def plain14(input_shape: Shape, num_classes: int) -> nn.Module:
    """`resnet14` without shortcuts."""
    return _network(input_shape, num_classes, _plain, blocks=2)


@register(family="resnet", parameters=269_434, source=HE_2015)
def plain20(input_shape: Shape, num_classes: int) -> nn.Module:
    """`resnet20` without shortcuts."""
    return _network(input_shape, num_classes, _plain, blocks=3)


@register(family="resnet", parameters=269_434, source="He, Zhang, Ren & Sun 2016, arXiv:1603.05027, figure 1b")
def resnet20_preactivation(input_shape: Shape, num_classes: int) -> nn.Module:
    """`resnet20` with batch norm and ReLU before each convolution, so that the shortcuts stay clear."""
    stages, channels = _three_stages(_preactivated, blocks=3)
    head = [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return he_initialized(nn.Sequential(_conv(input_shape[0], 16), *stages, *head, nn.Linear(channels, num_classes)))


@register(family="resnet", parameters=177_210, source="He, Zhang, Ren & Sun 2016, arXiv:1603.05027, appendix (9n + 2)")
def resnet20_bottleneck(input_shape: Shape, num_classes: int) -> nn.Module:
    """20 layers in bottleneck blocks, 1x1-3x3-1x1, on 64-128-256 channels: two blocks a stage."""
    return _network(input_shape, num_classes, _bottleneck, blocks=2, expansion=4)
