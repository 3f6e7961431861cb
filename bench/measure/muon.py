"""Muon with AdamW: one optimizer object for a whole network, though Muon itself takes only 2-D weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import AdamW, Muon, Optimizer
from torch.optim.optimizer import ParamsT


class MuonWithAdamW(Optimizer):
    """Muon for the 2-D weights, AdamW for all else (biases, convolutions, batch norm), at one learning rate.

    Muon's updates are scaled to the root mean square of AdamW's (Liu et al. 2025, arXiv:2502.16982, section 2.2), so
    that one rate and one weight decay serve both. The two parts work on the same groups and the same state that this
    object shows, so schedulers, `state_dict` and `load_state_dict` need nothing special.
    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon
    """

    def __init__(self, params: ParamsT, lr: float = 1e-3, weight_decay: float = 0.01) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Split the group's parameters (tensors, not pairs of name and tensor) between the two parts."""
        params = list(param_group["params"])
        for matrices in (True, False):
            share = [param for param in params if (param.ndim == 2) is matrices]
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

    def _share(self) -> None:
        """One part for each group, over the very dicts of this object: a part fills in only the settings it lacks."""
        self._parts: list[Optimizer] = [
            Muon([group], adjust_lr_fn="match_rms_adamw") if group["matrices"] else AdamW([group])
            for group in self.param_groups
        ]
        for part in self._parts:
            part.state = self.state
