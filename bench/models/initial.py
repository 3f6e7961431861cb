"""Initial weights: those of a net drawn anew by a rule of torch.nn.init, or left as the net has them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

# Name to what fills a weight in place, ReLU behind it where the rule asks for that.
RULES: dict[str, Callable[[Tensor], object]] = {
    "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "kaiming_uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


@torch.no_grad()
def initialize(model: nn.Module, name: str) -> None:
    """Draw the weights of linear layers and convolutions by a rule, and have their biases 0; "default" leaves all.

    With "zero_last" only the last of them, whose outputs are the scores, begins at 0. What is normalized, embedded or
    bare parameters stays as it is.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, _LAYERS)]
    if name == "default":
        return
    for layer in layers[-1:] if name == "zero_last" else layers:
        RULES.get(name, nn.init.zeros_)(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
