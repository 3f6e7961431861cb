"""AdEMAMix: AdamW with a second, slow average of gradients (Pagliardini et al. 2024, arXiv:2409.03137)."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from bench.optimizers.each_weight import EachWeight, decay


class AdEMAMix(EachWeight):
    """The slow average counts `alpha` times.

    It begins at zero and is not corrected for that, so that it comes in by itself; the paper's warm-up of `alpha` and
    of the slow beta, which needs the length of the training, is left out.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float, float] = (0.9, 0.999, 0.999),
        alpha: float = 5.0,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "steps": 0})

    def prepare(self, group: dict[str, Any]) -> None:
        """Count the step."""
        group["steps"] += 1

    def update(self, weight: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of the fast average, corrected for its start, and of the slow one, over the root mean square."""
        if not state:
            state |= {name: torch.zeros_like(weight) for name in ("fast", "slow", "exp_avg_sq")}
        (beta1, beta2, beta3), steps = group["betas"], group["steps"]
        state["fast"].lerp_(grad, 1 - beta1)
        state["slow"].lerp_(grad, 1 - beta3)
        squares = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = (squares / (1 - beta2**steps)).sqrt_().add_(group["eps"])
        mixed = (state["fast"] / (1 - beta1**steps)).add_(state["slow"], alpha=group["alpha"])
        decay(weight, group)
        weight.addcdiv_(mixed, root, value=-group["lr"])
