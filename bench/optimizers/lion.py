"""Lion: the sign of an interpolated momentum (Chen et al. 2023, arXiv:2302.06675, algorithm 2)."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from bench.optimizers.each_weight import EachWeight, decay


class Lion(EachWeight):
    """Every weight moves by its rate in each step, so the rate is some three to ten times below AdamW's."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 3e-4,
        *,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def update(self, weight: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step: the sign of momentum with its first beta, then momentum with its second."""
        if not state:
            state["exp_avg"] = torch.zeros_like(weight)
        average, (beta1, beta2) = state["exp_avg"], group["betas"]
        decay(weight, group)
        weight.add_(grad.lerp(average, beta1).sign_(), alpha=-group["lr"])
        average.lerp_(grad, 1 - beta2)
