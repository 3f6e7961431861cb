"""Averages: weights that are averaged over the steps of a training, and take the place of its own to be evaluated."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

SWA_FROM = 0.75  # share of a training from which on SWA averages: torch's default of its paper, Izmailov et al. 2018


class Average:
    """An average of a model's weights, by torch's AveragedModel.

    A moving average (`ema0.99`) has the model's buffers too, batch norm's statistics among them. Of the mean (`swa`)
    these are taken anew, since they are those of no weights that there ever were.

    Args:
        name: "swa", or "ema" and the decay.
        model: whose weights are averaged.

    """

    def __init__(self, name: str, model: nn.Module) -> None:
        self._model = model
        self._is_mean = name == "swa"
        if self._is_mean:
            self._averaged = AveragedModel(model, multi_avg_fn=get_swa_multi_avg_fn())
        else:
            decay = float(name.removeprefix("ema"))
            self._averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        self._kept: list[Tensor] = []

    def take(self, progress: float) -> None:
        """Take in the weights after a step, this share of the training being done."""
        if not self._is_mean or progress >= SWA_FROM:
            self._averaged.update_parameters(self._model)

    @torch.no_grad()
    def show(self, see: Callable[[nn.Module], object]) -> None:
        """Put the average in the model's place, if there is any yet; `see` runs training images through a model."""
        if not int(self._averaged.n_averaged):
            return
        own = _tensors(self._model)
        self._kept = [tensor.clone() for tensor in own]
        for tensor, averaged in zip(own, _tensors(self._averaged.module), strict=True):
            tensor.copy_(averaged)
        if self._is_mean:
            see(self._model)

    @torch.no_grad()
    def hide(self) -> None:
        """Put the model's own weights back."""
        for tensor, kept in zip(_tensors(self._model), self._kept, strict=bool(self._kept)):
            tensor.copy_(kept)
        self._kept = []


def _tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
