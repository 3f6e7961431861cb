"""Schedule-Free AdamW: iterates and their average in place of a schedule (Defazio et al. 2024, arXiv:2405.15682)."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from bench.optimizers.each_weight import EachWeight


class ScheduleFreeAdamW(EachWeight):
    """Gradients are taken at y = (1 - beta) z + beta x, steps made at z, and x, the average of z, is evaluated.

    `eval` puts x in the weights' place and `train` puts y there again; it begins with y, which then equals x and z.
    Weights of the average are the squares of the largest rate so far. Running statistics of batch norm stay those of y.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 2.5e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        counted = {"steps": 0, "largest_rate": 0.0, "weight_sum": 0.0, "share": 1.0, "training": True}
        super().__init__(params, {**settings, **counted})

    def train(self) -> None:
        """Put y in the weights' place, if x is there."""
        self._switch(training=True)

    def eval(self) -> None:
        """Put x in the weights' place, if y is there."""
        self._switch(training=False)

    @torch.no_grad()
    def _switch(self, *, training: bool) -> None:
        for group in self.param_groups:
            if group["training"] is training:
                continue
            beta = group["betas"][0]
            for weight in group["params"]:
                if "z" in self.state[weight]:
                    weight.lerp_(self.state[weight]["z"], 1 - beta if training else 1 - 1 / beta)
            group["training"] = training

    def prepare(self, group: dict[str, Any]) -> None:
        """Count the step, and what share of the average its z is."""
        group["steps"] += 1
        group["largest_rate"] = max(group["largest_rate"], group["lr"])
        weight = group["largest_rate"] ** 2
        group["weight_sum"] += weight
        group["share"] = weight / group["weight_sum"]

    def update(self, weight: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of z by Adam without its first average; y follows from what x and z become."""
        if not state:
            state |= {"z": weight.clone(), "exp_avg_sq": torch.zeros_like(weight)}
        (beta1, beta2), rate, share = group["betas"], group["lr"], group["share"]
        squares = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = (squares / (1 - beta2 ** group["steps"])).sqrt_().add_(group["eps"])
        change = (grad / root).add_(weight, alpha=group["weight_decay"])
        weight.lerp_(state["z"], share).add_(change, alpha=rate * (beta1 * (1 - share) - 1))
        state["z"].sub_(change, alpha=rate)
