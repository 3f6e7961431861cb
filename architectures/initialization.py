"""He initialization: every layer of a deep ReLU network starts with signals of even size, and so learns at once."""

from torch import nn


def he_initialized(network: nn.Module) -> nn.Module:
    """The same network, its weights drawn anew from N(0, 2 / fan_in), its biases 0.

    He et al. 2015, arXiv:1502.01852, equation 10. Linear and convolutional layers only; batch norm stays 1 and 0.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
