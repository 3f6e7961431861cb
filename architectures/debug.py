"""The debug network: so small that a run for a test takes no time."""

from torch import nn

from architectures.registry import register
from architectures.shapes import Shape, flat_size


@register(family="debug", parameters=562, source="none: it exists for tests")
def debug(input_shape: Shape, num_classes: int) -> nn.Module:
    """A few hundred parameters: one coarse convolution and a linear layer, for tests."""
    features = nn.Sequential(
        nn.Conv2d(input_shape[0], 2, kernel_size=5, stride=5),  # 2x5x5 for 1x28x28
        nn.ReLU(),
        nn.Flatten(),
    )
    return nn.Sequential(features, nn.Linear(flat_size(features, input_shape), num_classes))
