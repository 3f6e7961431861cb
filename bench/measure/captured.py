"""Captured: the steps and the inference of a workload replayed as graphs, each on a batch that stays where it lies."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bench.devices.interface import EAGER_FIRST

if TYPE_CHECKING:
    from bench.measure.workload import Workload

SETTLED = EAGER_FIRST + 2  # steps until one is replayed that records nothing


class CapturedSteps:
    """The steps of one workload as graphs of its device.

    The first steps are carried out operator by operator on the batches that any workload would take, and train as
    these do; then the step is recorded, and each further one is a replay. So a training is the same as without.
    """

    def __init__(self, work: "Workload") -> None:
        self._work = work
        self._batch: tuple[Tensor, Tensor] | None = None
        self._loss: Tensor | None = None
        self._outputs: Tensor | None = None
        self._step, self._infer = work.device.capture(self._train), work.device.capture(self._forward)
        for group in work.optimizer.param_groups:
            if "capturable" in group:
                group["capturable"] = True  # keeps the step count on the device, where a graph can advance it

    def placed(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The batch, images (B, C, H, W) and labels (B,), copied to where the graphs read it; never a partial one."""
        if self._batch is None:
            with torch.inference_mode(mode=False):  # what is made in it could not be trained on
                self._batch = images.clone(), labels.clone()
        for place, values in zip(self._batch, (images, labels), strict=True):
            place.copy_(values)
        return self._batch

    def step(self) -> Tensor:
        """One update by the batch that was placed; the detached loss, which the next one overwrites."""
        self._step()
        assert self._loss is not None
        return self._loss

    def update(self, images: Tensor, labels: Tensor) -> Tensor:
        """One update by a batch: images (B, C, H, W), labels (B,). Returns the detached loss, to be kept."""
        self.placed(images, labels)
        return self.step().clone()

    def infer(self) -> Tensor:
        """The outputs (B, K) of the batch that was placed, which the next ones overwrite."""
        self._infer()
        assert self._outputs is not None
        return self._outputs

    def _train(self) -> None:
        assert self._batch is not None
        self._loss = self._work.update_as_it_is(*self._batch)

    def _forward(self) -> None:
        assert self._batch is not None
        self._outputs = self._work.infer_as_it_is(self._batch[0])
