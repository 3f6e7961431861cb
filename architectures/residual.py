"""Residual: a block with a way around it."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """activation(branch(x) + shortcut(x))."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut
        self.activation = activation

    def forward(self, images: Tensor) -> Tensor:
        """The block's output; its shape is the branch's."""
        output: Tensor = self.activation(torch.add(self.branch(images), self.shortcut(images)))
        return output
