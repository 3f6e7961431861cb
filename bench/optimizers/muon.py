"""Muon with AdamW: one optimizer object for a whole network, though Muon itself takes only matrices."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW, Muon, Optimizer
from torch.optim.optimizer import ParamsT

from bench.devices import DEVICES


class Float32Muon(Muon):
    """torch's Muon, orthogonalizing in the weights' own type instead of bfloat16.

    For CPUs: where they have no bfloat16 units, one step of the MLP takes 6 s with torch's, and 0.1 s so.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update, scaled as `adjust_lr_fn="match_rms_adamw"` scales it; a closure is not taken."""
        assert closure is None
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(weight.grad)
                average = state["momentum_buffer"]
                average.lerp_(weight.grad, 1 - momentum)
                update = weight.grad.lerp(average, momentum) if group["nesterov"] else average
                matrix = self.worked_in(update.flatten(1))
                matrix = orthogonalized(matrix, group["ns_coefficients"], group["ns_steps"], group["eps"])
                weight.mul_(1 - rate * group["weight_decay"])
                weight.add_(matrix.view_as(update), alpha=-rate * 0.2 * max(matrix.shape) ** 0.5)
        return None

    def worked_in(self, matrix: Tensor) -> Tensor:
        """The matrix in the type that its products are computed in."""
        return matrix


class FilterMuon(Float32Muon):
    """Muon that takes filters of convolutions too, each as a matrix (out, in x height x width).

    torch's Muon refuses them. On GPUs it orthogonalizes in bfloat16 as that does.
    """

    def __init__(self, groups: list[dict[str, Any]], adjust_lr_fn: str) -> None:
        settings = signature(Muon).parameters
        own = {name: settings[name].default for name in ("lr", "weight_decay", "momentum", "nesterov", "eps")}
        steps = {name: settings[name].default for name in ("ns_coefficients", "ns_steps")}
        Optimizer.__init__(self, groups, {**own, **steps, "adjust_lr_fn": adjust_lr_fn})

    def worked_in(self, matrix: Tensor) -> Tensor:
        """In bfloat16 where that is fast."""
        return matrix if _is_slow_in_bfloat16(matrix) else matrix.bfloat16()


def _is_slow_in_bfloat16(tensor: Tensor) -> bool:
    place = DEVICES.get(tensor.device.type)
    return place is not None and place.facts.slow_bfloat16


def orthogonalized(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """The matrix (A, B) with singular values near 1 by the quintic Newton-Schulz iteration (Jordan et al. 2024)."""
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    result = matrix.T if tall else matrix  # the smaller side first, so that the products are small
    result = result / result.norm().clamp(min=eps)
    for _ in range(steps):
        gram = result @ result.T
        result = torch.addmm(result, torch.addmm(gram, gram, gram, beta=b, alpha=c), result, beta=a)
    return result.T if tall else result


class MuonWithAdamW(Optimizer):
    """Muon for matrices, AdamW for all else (biases, batch norm, convolutions), at one learning rate.

    With `filters` Muon has those of convolutions too, reshaped to matrices.

    Muon's updates are scaled to the root mean square of AdamW's (Liu et al. 2025, arXiv:2502.16982, section 2.2), so
    that one rate and one weight decay serve both. The two parts work on the same groups and the same state that this
    object shows, so schedulers, `state_dict` and `load_state_dict` need nothing special.
    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon
    """

    def __init__(self, params: ParamsT, lr: float = 1e-3, weight_decay: float = 0.01, *, filters: bool = False) -> None:
        self._filters = filters
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Split the group's parameters (tensors, not pairs of name and tensor) between the two parts."""
        params = list(param_group["params"])
        for matrices in (True, False):
            share = [param for param in params if self._is_matrix(param) is matrices]
            if share:
                super().add_param_group({**param_group, "params": share, "matrices": matrices})
        self._share()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._share()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update; with a closure, which computes the loss and the gradients, its loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self._parts:
            part.step()
        return loss

    def _is_matrix(self, param: Tensor) -> bool:
        return param.ndim == 2 or (self._filters and param.ndim > 2)

    def _share(self) -> None:
        """One part for each group, over the very dicts of this object: a part fills in only the settings it lacks."""
        self._parts: list[Optimizer] = []
        for group in self.param_groups:
            if group["matrices"]:
                plain = Float32Muon if _is_slow_in_bfloat16(group["params"][0]) else Muon
                muon = FilterMuon if self._filters else plain
                self._parts.append(muon([group], adjust_lr_fn="match_rms_adamw"))
            else:
                self._parts.append(AdamW([group]))
            self._parts[-1].state = self.state
