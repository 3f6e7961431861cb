"""Networks that were published for CIFAR-10: one of convolutions alone, and the one of a speed record."""

from functools import partial

import torch
from torch import Tensor, nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.shapes import Shape

WHITENED = 2  # the side of the first convolution's filters in `airbench94`
COOLED = 1 / 9  # what its scores are multiplied by

cifar = partial(register, input_shape=(3, 32, 32))


@cifar(family="allcnn", parameters=1_369_738, source="Springenberg et al. 2015, arXiv:1412.6806, ALL-CNN-C")
def allcnn_c(input_shape: Shape, num_classes: int) -> nn.Module:
    """ALL-CNN-C: nine convolutions 96-192, two of them in steps of 2 in place of pooling, and the mean of each map."""
    layers: list[nn.Module] = [nn.Dropout(0.2)]
    channels = input_shape[0]
    for width in (96, 192):
        for stride in (1, 1, 2):  # 96x16x16, then 192x8x8 for 32x32
            layers += [nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.Dropout(0.5))
    layers += [
        nn.Conv2d(192, 192, kernel_size=3),  # 192x6x6
        nn.ReLU(),
        nn.Conv2d(192, 192, kernel_size=1),
        nn.ReLU(),
        nn.Conv2d(192, num_classes, kernel_size=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ]
    return he_initialized(nn.Sequential(*layers))


class Scale(nn.Module):
    """Multiplies by a number that is not learnt."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, scores: Tensor) -> Tensor:
        """(N, K) -> (N, K)."""
        return scores * self.factor


class ShiftNorm(nn.BatchNorm2d):
    """Batch norm that learns what to add, and no factors."""

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, eps=1e-12, affine=False)
        self.bias = nn.Parameter(torch.zeros(num_features))


def _kept(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution whose first filters begin as the identity of its inputs (Zagoruyko & Komodakis 2017)."""
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    nn.init.dirac_(convolution.weight[:inputs].data)
    return convolution


def _group(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        _kept(inputs, outputs),
        nn.MaxPool2d(2),
        ShiftNorm(outputs),
        nn.GELU(),
        _kept(outputs, outputs),
        ShiftNorm(outputs),
        nn.GELU(),
    ]


@cifar(family="airbench", parameters=1_971_640, source="Jordan 2024, arXiv:2404.00498")
def airbench94(input_shape: Shape, num_classes: int) -> nn.Module:
    """A 2x2 convolution, six of 64-256-256 that begin as the identity, GELU, batch norm without factors."""
    channels = input_shape[0]
    first = 2 * channels * WHITENED**2  # each direction of a patch and its opposite (--initializations whitened)
    stem = nn.Conv2d(channels, first, kernel_size=WHITENED)  # 24x31x31 for 3x32x32
    nn.init.zeros_(stem.get_parameter("bias"))
    return nn.Sequential(
        stem,
        nn.GELU(),
        *_group(first, 64),  # 64x15x15
        *_group(64, 256),  # 256x7x7
        *_group(256, 256),  # 256x3x3
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(256, num_classes, bias=False),
        Scale(COOLED),
    )
