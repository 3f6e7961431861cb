"""Small VGGs: stacks of 3x3 convolutions; the number counts the layers with weights."""

from torch import nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.shapes import Shape, flat_size

SIMONYAN_2015 = "Simonyan & Zisserman 2015, arXiv:1409.1556, scaled to the input"


def stacks(input_shape: Shape, num_classes: int, convolutions: tuple[int, ...], batch_norm: bool = False) -> nn.Module:
    """A stack of so many 3x3 convolutions for each entry, 16-32-64 wide, each pooled; then two linear layers."""
    layers: list[nn.Module] = []
    channels = input_shape[0]
    for stage, count in enumerate(convolutions):
        width = 16 * 2**stage
        for _ in range(count):
            layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
            layers += [nn.BatchNorm2d(width)] if batch_norm else []
            layers.append(nn.ReLU())
            channels = width
        layers.append(nn.MaxPool2d(2))  # 28x28 -> 14x14 -> 7x7 -> 3x3
    features = nn.Sequential(*layers, nn.Flatten())
    classifier = nn.Sequential(
        nn.Linear(flat_size(features, input_shape), 128),  # 1,568 inputs after two stacks, 576 after three
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, num_classes),
    )
    return he_initialized(nn.Sequential(features, classifier))


@register(family="vgg", parameters=206_922, source=SIMONYAN_2015)
def vgg4(input_shape: Shape, num_classes: int) -> nn.Module:
    """Two stacks of one 3x3 convolution, two linear layers."""
    return stacks(input_shape, num_classes, (1, 1))


@register(family="vgg", parameters=207_018, source=SIMONYAN_2015)
def vgg4_bn(input_shape: Shape, num_classes: int) -> nn.Module:
    """`vgg4` with batch norm after each convolution."""
    return stacks(input_shape, num_classes, (1, 1), batch_norm=True)


@register(family="vgg", parameters=218_490, source=SIMONYAN_2015)
def vgg6(input_shape: Shape, num_classes: int) -> nn.Module:
    """Two stacks of two 3x3 convolutions, two linear layers."""
    return stacks(input_shape, num_classes, (2, 2))


@register(family="vgg", parameters=218_682, source=SIMONYAN_2015)
def vgg6_bn(input_shape: Shape, num_classes: int) -> nn.Module:
    """`vgg6` with batch norm after each convolution."""
    return stacks(input_shape, num_classes, (2, 2), batch_norm=True)


@register(family="vgg", parameters=146_938, source=SIMONYAN_2015)
def vgg8(input_shape: Shape, num_classes: int) -> nn.Module:
    """Three stacks of two 3x3 convolutions, two linear layers."""
    return stacks(input_shape, num_classes, (2, 2, 2))


@register(family="vgg", parameters=147_386, source=SIMONYAN_2015)
def vgg8_bn(input_shape: Shape, num_classes: int) -> nn.Module:
    """`vgg8` with batch norm after each convolution."""
    return stacks(input_shape, num_classes, (2, 2, 2), batch_norm=True)
