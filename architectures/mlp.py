"""Multilayer perceptrons: the 784-512-512-10 net of the Keras examples, and variants that change one thing each."""

from collections.abc import Callable
from math import prod

from torch import nn

from architectures.registry import register
from architectures.shapes import Shape

KERAS = "Keras examples/mnist_mlp.py"
DEPTH = "Ciresan, Meier, Gambardella & Schmidhuber 2010, arXiv:1003.0358, on depth for MNIST"
WIDTH = "Hornik, Stinchcombe & White 1989, Neural Networks 2(5), on width"


def perceptron(
    input_shape: Shape,
    num_classes: int,
    *,
    widths: tuple[int, ...] = (512, 512),
    activation: Callable[[], nn.Module] = nn.ReLU,
    dropout: float = 0.2,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Hidden layers of the given widths, each [linear, batch norm?, activation, dropout?], then the linear output."""
    layers: list[nn.Module] = [nn.Flatten()]  # sizes for 1x28x28 and the standard widths
    inputs = prod(input_shape)  # 784
    for width in widths:
        layers.append(nn.Linear(inputs, width))  # 784 -> 512, then 512 -> 512
        layers += [nn.BatchNorm1d(width)] if batch_norm else []
        layers.append(activation())
        layers += [nn.Dropout(dropout)] if dropout else []
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, num_classes))  # 512 -> 10


@register(family="mlp", parameters=669_706, source=KERAS)
def mlp(input_shape: Shape, num_classes: int) -> nn.Module:
    """Two hidden layers of 512, ReLU, dropout 0.2."""
    return perceptron(input_shape, num_classes)


@register(family="mlp", parameters=407_050, source=DEPTH)
def mlp_one_hidden(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with one hidden layer instead of two."""
    return perceptron(input_shape, num_classes, widths=(512,))


@register(family="mlp", parameters=932_362, source=DEPTH)
def mlp_three_hidden(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with three hidden layers instead of two."""
    return perceptron(input_shape, num_classes, widths=(512,) * 3)


@register(family="mlp", parameters=1_720_330, source=DEPTH)
def mlp_deep(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with six hidden layers instead of two."""
    return perceptron(input_shape, num_classes, widths=(512,) * 6)


@register(family="mlp", parameters=5_824_522, source=WIDTH)
def mlp_wide(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with hidden layers of 2,048 instead of 512."""
    return perceptron(input_shape, num_classes, widths=(2048, 2048))


@register(family="mlp", parameters=669_706, source="Rumelhart, Hinton & Williams 1986")
def mlp_sigmoid(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with the logistic sigmoid instead of ReLU."""
    return perceptron(input_shape, num_classes, activation=nn.Sigmoid)


@register(family="mlp", parameters=669_706, source="LeCun, Bottou, Orr & Mueller 1998, Efficient BackProp, 4.4")
def mlp_tanh(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with the hyperbolic tangent instead of ReLU."""
    return perceptron(input_shape, num_classes, activation=nn.Tanh)


@register(family="mlp", parameters=669_706, source="Hendrycks & Gimpel 2016, arXiv:1606.08415")
def mlp_gelu(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with GELU instead of ReLU."""
    return perceptron(input_shape, num_classes, activation=nn.GELU)


@register(family="mlp", parameters=671_754, source="Ioffe & Szegedy 2015, arXiv:1502.03167")
def mlp_bn(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` with batch norm before each activation."""
    return perceptron(input_shape, num_classes, batch_norm=True)


@register(family="mlp", parameters=669_706, source="Srivastava et al. 2014, JMLR 15")
def mlp_no_dropout(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` without dropout."""
    return perceptron(input_shape, num_classes, dropout=0.0)


@register(family="mlp", parameters=669_706, source="Bridle 1990, Neurocomputing, NATO ASI F68 (softmax)")
def mlp_log_softmax(input_shape: Shape, num_classes: int) -> nn.Module:
    """`mlp` that ends in log-softmax: it returns log-probabilities, not logits.

    Cross entropy of them equals cross entropy of the logits, because log-softmax leaves log-probabilities as they are.
    """
    return perceptron(input_shape, num_classes).append(nn.LogSoftmax(dim=1))
