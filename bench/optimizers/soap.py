"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al. 2024, arXiv:2409.11321, algorithm 3)."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from bench.optimizers.each_weight import EachWeight, decay


class SOAP(EachWeight):
    """Matrices are rotated on both sides, filters of convolutions as matrices (out, in x height x width).

    A side of more than `most` is not rotated, nor are vectors, for which this is AdamW. The first step only looks: it
    finds the bases. Every `every` steps a basis is improved by one power iteration and a QR decomposition.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 3e-3,
        *,
        betas: tuple[float, float] = (0.95, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        every: int = 10,
        most: int = 512,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "every": every, "most": most}
        super().__init__(params, {**settings, "steps": -1})

    def prepare(self, group: dict[str, Any]) -> None:
        """Count the step, from 0, which only looks."""
        group["steps"] += 1

    def update(self, weight: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of Adam in the rotated space, the momentum kept in the weights' own."""
        matrix = grad.flatten(1) if grad.ndim > 1 else grad
        if not state:
            self._look(matrix, state, group)
            return
        (beta1, beta2), steps = group["betas"], group["steps"]
        average = state["exp_avg"].lerp_(matrix, 1 - beta1)
        rotated = _rotated(matrix, state)
        squares = state["exp_avg_sq"].mul_(beta2).addcmul_(rotated, rotated, value=1 - beta2)
        step = _rotated(average, state).div_(squares.sqrt().add_(group["eps"]))
        size = group["lr"] * (1 - beta2**steps) ** 0.5 / (1 - beta1**steps)
        decay(weight, group)
        weight.sub_(_rotated(step, state, back=True).reshape(grad.shape), alpha=size)
        for side, kept in state["sides"].items():
            kept.lerp_(_products(matrix, side), 1 - beta2)
            if steps % group["every"] == 0:
                _improve(side, state)

    def _look(self, matrix: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        beta2 = group["betas"][1]
        sides = [side for side in ("left", "right") if matrix.ndim > 1 and _length(matrix, side) <= group["most"]]
        products = {side: _products(matrix, side) * (1 - beta2) for side in sides}
        bases = {side: torch.linalg.eigh(_wide(kept))[1].flip(1).to(kept.dtype) for side, kept in products.items()}
        zeros = {name: torch.zeros_like(matrix) for name in ("exp_avg", "exp_avg_sq")}
        state |= {**zeros, "sides": products, "bases": bases}


def _wide(matrix: Tensor) -> Tensor:
    """The matrix in float32 at the least, as decompositions need it."""
    return matrix.to(torch.promote_types(matrix.dtype, torch.float32))


def _length(matrix: Tensor, side: str) -> int:
    return matrix.shape[0 if side == "left" else 1]


def _products(matrix: Tensor, side: str) -> Tensor:
    """What the gradient adds to the preconditioner of a side."""
    return matrix @ matrix.T if side == "left" else matrix.T @ matrix


def _rotated(matrix: Tensor, state: dict[str, Any], *, back: bool = False) -> Tensor:
    """The matrix in the bases of its sides, or back from there; a copy also where it has none."""
    left, right = (state["bases"].get(side) for side in ("left", "right"))
    if left is None and right is None:
        return matrix.clone()
    if left is not None:
        matrix = left @ matrix if back else left.T @ matrix
    if right is not None:
        matrix = matrix @ right.T if back else matrix @ right
    return matrix


def _improve(side: str, state: dict[str, Any]) -> None:
    """One power iteration of the basis, the largest eigenvalues first, with the squares put in the same order."""
    kept, basis = state["sides"][side], state["bases"][side]
    iterated = kept @ basis
    order = (basis * iterated).sum(0).argsort(descending=True)
    state["exp_avg_sq"] = state["exp_avg_sq"].index_select(0 if side == "left" else 1, order)
    state["bases"][side] = torch.linalg.qr(_wide(iterated[:, order]))[0].to(basis.dtype)
