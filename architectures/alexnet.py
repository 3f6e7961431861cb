"""AlexNet scaled to small images: the same eight layers, a quarter of the channels, kernels for 28x28."""

from torch import nn

from architectures.initialization import he_initialized
from architectures.registry import register
from architectures.shapes import Shape, flat_size


@register(family="alexnet", parameters=287_674, source="Krizhevsky, Sutskever & Hinton 2012, NIPS 25, scaled down")
def alexnet_small(input_shape: Shape, num_classes: int) -> nn.Module:
    """Five convolutions with overlapping max pooling, three linear layers, dropout 0.5."""
    features = nn.Sequential(  # sizes for 1x28x28
        nn.Conv2d(input_shape[0], 16, kernel_size=5, padding=2),  # 16x28x28; the paper's 11x11 would see half an image
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=3, stride=2),  # 16x13x13
        nn.Conv2d(16, 48, kernel_size=5, padding=2),  # 48x13x13
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=3, stride=2),  # 48x6x6
        nn.Conv2d(48, 96, kernel_size=3, padding=1),  # 96x6x6
        nn.ReLU(),
        nn.Conv2d(96, 64, kernel_size=3, padding=1),  # 64x6x6
        nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, padding=1),  # 64x6x6
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=3, stride=2),  # 64x2x2
        nn.Flatten(),
    )
    classifier = nn.Sequential(
        nn.Dropout(0.5),
        nn.Linear(flat_size(features, input_shape), 256),  # 256 inputs
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, num_classes),
    )
    return he_initialized(nn.Sequential(features, classifier))
