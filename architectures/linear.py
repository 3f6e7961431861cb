"""Linear models: the floor that every network has to beat."""

from math import prod

from torch import nn

from architectures.registry import register
from architectures.shapes import Shape


@register(family="linear", parameters=7_850, source="Bishop 2006, Pattern Recognition and Machine Learning, 4.3.4")
def softmax_regression(input_shape: Shape, num_classes: int) -> nn.Module:
    """Multinomial logistic regression: one linear layer on the pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(prod(input_shape), num_classes))  # 784 inputs for 1x28x28
