"""Twelve narrow linear layers without normalization, of one size each: what becomes of a gradient on its way through.

Hochreiter 1991 and Bengio, Simard & Frasconi 1994, IEEE TNN 5(2), on why it vanishes; Glorot & Bengio 2010, AISTATS, on
the sigmoid; He et al. 2015, arXiv:1502.01852, on the initialization of ReLU nets; He et al. 2015, arXiv:1512.03385, on
shortcuts.
"""

from collections.abc import Callable
from math import prod

from torch import nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.residual import Residual
from architectures.shapes import Shape

BLOCKS, WIDTH = 5, 64  # each block has two of the layers between the first and the last


def stacked(
    input_shape: Shape, num_classes: int, activation: Callable[[], nn.Module] = nn.ReLU, *, shortcuts: bool = False
) -> nn.Sequential:
    """[linear, activation], BLOCKS of [linear, activation, linear, shortcut?, activation], linear."""
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(prod(input_shape), WIDTH), activation()]  # 784 -> 64
    for _ in range(BLOCKS):
        branch = nn.Sequential(nn.Linear(WIDTH, WIDTH), activation(), nn.Linear(WIDTH, WIDTH))  # 64 -> 64
        layers += [Residual(branch, nn.Identity(), activation())] if shortcuts else [branch, activation()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, num_classes))  # 64 -> 10


@register(family="mlp", parameters=92_490, source="Glorot & Bengio 2010, AISTATS")
def mlp12(input_shape: Shape, num_classes: int) -> nn.Module:
    """Twelve linear layers, 64 wide, ReLU, without normalization, initialized as torch does."""
    return stacked(input_shape, num_classes)


@register(family="mlp", parameters=92_490, source="Glorot & Bengio 2010, AISTATS, section 3.1")
def mlp12_sigmoid(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp12` with the logistic sigmoid instead of ReLU."""
    return stacked(input_shape, num_classes, nn.Sigmoid)


@register(family="mlp", parameters=92_490, source="He, Zhang, Ren & Sun 2015, arXiv:1502.01852, section 2.2")
def mlp12_he(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp12` with weights drawn as He et al. derive for ReLU."""
    return he_initialized(stacked(input_shape, num_classes))


@register(family="mlp", parameters=92_490, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, section 3.2")
def mlp12_residual(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp12` with a shortcut around every two layers."""
    return stacked(input_shape, num_classes, shortcuts=True)
