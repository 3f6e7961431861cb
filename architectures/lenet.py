"""LeNets: the first convolutional networks for digits, and LeNet-5 as it is taught today."""

from collections.abc import Callable

from torch import nn

from architectures.registry import register
from architectures.shapes import Shape, flat_size

LECUN_1998 = "LeCun, Bottou, Bengio & Haffner 1998, Proc. IEEE 86(11), II.B"
LECUN_1989 = "LeCun et al. 1989, Neural Computation 1(4), on strides of 2; wider, with ReLU"


def _lenet5(
    input_shape: Shape, num_classes: int, activation: Callable[[], nn.Module], pool: Callable[[int], nn.Module]
) -> nn.Module:
    features = nn.Sequential(  # sizes for 1x28x28, which the padding makes the paper's 32x32
        nn.Conv2d(input_shape[0], 6, kernel_size=5, padding=2),  # 6x28x28
        activation(),
        pool(2),  # 6x14x14
        nn.Conv2d(6, 16, kernel_size=5),  # 16x10x10
        activation(),
        pool(2),  # 16x5x5
        nn.Flatten(),
    )
    return nn.Sequential(
        features,
        nn.Linear(flat_size(features, input_shape), 120),  # 400 inputs
        activation(),
        nn.Linear(120, 84),
        activation(),
        nn.Linear(84, num_classes),
    )


@register(family="lenet", parameters=61_706, source=LECUN_1998)
def lenet5(input_shape: Shape, num_classes: int) -> nn.Module:
    """LeNet-5 as it is taught today: ReLU and max pooling, 6-16-120-84."""
    return _lenet5(input_shape, num_classes, nn.ReLU, nn.MaxPool2d)


@register(family="lenet", parameters=61_706, source=LECUN_1998)
def lenet5_1998(input_shape: Shape, num_classes: int) -> nn.Module:
    """LeNet-5 with the tanh and average pooling of 1998.

    Simpler than the paper: pooling has no weights, C3 sees all maps, the output is linear instead of Gaussian.
    """
    return _lenet5(input_shape, num_classes, nn.Tanh, nn.AvgPool2d)


@register(family="lenet", parameters=3_246, source="LeCun et al. 1990, NIPS 2; LeNet-1 of LeCun et al. 1998, III.C")
def lenet1(input_shape: Shape, num_classes: int) -> nn.Module:
    """LeNet-1: two convolutions of 4 and 12 maps with tanh and average pooling, then the output."""
    features = nn.Sequential(  # sizes for 1x28x28
        nn.Conv2d(input_shape[0], 4, kernel_size=5),  # 4x24x24
        nn.Tanh(),
        nn.AvgPool2d(2),  # 4x12x12
        nn.Conv2d(4, 12, kernel_size=5),  # 12x8x8
        nn.Tanh(),
        nn.AvgPool2d(2),  # 12x4x4
        nn.Flatten(),
    )
    return nn.Sequential(features, nn.Linear(flat_size(features, input_shape), num_classes))


def _lenet_strided(input_shape: Shape, num_classes: int, first: int, second: int) -> nn.Sequential:
    features = nn.Sequential(  # sizes for 1x28x28 and 16-32
        nn.Conv2d(input_shape[0], first, kernel_size=5, stride=2),  # 16x12x12
        nn.ReLU(),
        nn.Conv2d(first, second, kernel_size=3),  # 32x10x10
        nn.MaxPool2d(2),  # 32x5x5; before the ReLU, which then has a quarter of the numbers and gives the same
        nn.ReLU(),
        nn.Flatten(),
    )
    return nn.Sequential(
        features,
        nn.Linear(flat_size(features, input_shape), 128),  # 800 inputs
        nn.ReLU(),
        nn.Linear(128, num_classes),
    )


@register(family="lenet", parameters=108_874, source=LECUN_1989)
def lenet_strided(input_shape: Shape, num_classes: int) -> nn.Module:
    """A LeNet to race with: 16-32-128, its first convolution in steps of 2, nothing padded, pooling before ReLU."""
    return _lenet_strided(input_shape, num_classes, 16, 32)


@register(family="lenet", parameters=225_546, source=LECUN_1989)
def lenet_strided_wide(input_shape: Shape, num_classes: int) -> nn.Module:
    """`lenet_strided` twice as wide, 32-64-128."""
    return _lenet_strided(input_shape, num_classes, 32, 64)


@register(family="lenet", parameters=108_874, source="Srivastava et al. 2014, JMLR 15")
def lenet_strided_dropout(input_shape: Shape, num_classes: int, rate: float = 0.25) -> nn.Module:
    """`lenet_strided` with dropout 0.25 between its convolutions and its linear layers."""
    network = _lenet_strided(input_shape, num_classes, 16, 32)
    network.insert(1, nn.Dropout(rate))
    return network
