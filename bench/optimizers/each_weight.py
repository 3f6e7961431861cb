"""Optimizers whose rule is of one weight at a time: what they share around it."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class EachWeight(Optimizer):
    """Calls `update` for each weight that has a gradient."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update; with a closure, which computes the loss and the gradients, its loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.prepare(group)
            for weight in group["params"]:
                if weight.grad is not None:
                    self.update(weight, weight.grad, self.state[weight], group)
        return loss

    def prepare(self, group: dict[str, Any]) -> None:
        """What a step changes in the settings of a group, before its weights; here nothing."""

    @abstractmethod
    def update(self, weight: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change the weight in place, and its state, which is empty at first."""


def decay(weight: Tensor, group: dict[str, Any]) -> None:
    """Decoupled weight decay (Loshchilov & Hutter 2019): shrink the weight by the rate times the decay."""
    weight.mul_(1 - group["lr"] * group["weight_decay"])
