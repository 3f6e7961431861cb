"""First steps: what a fresh workload computes in them, in its own arithmetic and in float64."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from bench import optimizers
from bench.measure.recipe import Recipe
from bench.measure.workload import Workload
from bench.plan.compiled import as_torch_has_it

HALVINGS = 24  # of the gradient scaler's first scale, 65,536, until float16 holds the gradients

Tensors = Sequence[Tensor | None]  # one for each parameter, None where there is none


@dataclass(frozen=True, slots=True)
class Computed:
    """What some first steps gave, in float64 whatever it was computed in.

    Attributes:
        outputs: of the net in the first step, (B, classes).
        losses: of each step, before its update, (steps,).
        gradients: of the first step, as the optimizer used them.
        update: by how much all steps together changed the weights.
        was_float64: whether the losses were computed in it.

    """

    outputs: Tensor
    losses: Tensor
    gradients: list[Tensor | None]
    update: list[Tensor]
    was_float64: bool


@dataclass(slots=True)
class _Step:
    """Listens to one step: its outputs, and its gradients at the moment that they are known."""

    work: Workload
    scale: float
    outputs: list[Tensor] = field(default_factory=list)
    gradients: list[Tensor | None] = field(default_factory=list)

    def take(self, images: Tensor, labels: Tensor) -> Tensor:
        """Make the step; its loss."""
        loss = self.work.loss
        self.work.loss = lambda outputs, targets: loss(self._noted(outputs), targets)
        try:
            return self.work.update(images, labels, noted=self._note_gradients)
        finally:
            self.work.loss = loss

    @property
    def was_left_out(self) -> bool:
        """Whether the gradient scaler made no update, because the type cannot hold the scaled gradients."""
        known = [gradient for gradient in self.gradients if gradient is not None]
        return self.work.scaler.is_enabled() and not all(bool(gradient.isfinite().all()) for gradient in known)

    def _noted(self, outputs: Tensor) -> Tensor:
        self.outputs.append(outputs.detach().double())
        return outputs

    def _note_gradients(self) -> None:
        for parameter in self.work.model.parameters():
            gradient = parameter.grad
            self.gradients.append(None if gradient is None else gradient.detach().double() / self.scale)


def compute(work: Workload, steps: int = 1) -> Computed:
    """Take the first steps of a workload that has made none.

    A step that the gradient scaler leaves out is made again, with the smaller scale that follows.
    """
    parameters = list(work.model.parameters())
    before = [parameter.detach().double().clone() for parameter in parameters]
    losses: list[Tensor] = []
    first: _Step | None = None
    for _ in range(steps):
        step, loss = _step(work)
        losses.append(loss)
        first = first or step
    assert first is not None
    update = [parameter.detach().double() - value for parameter, value in zip(parameters, before, strict=True)]
    was_float64 = all(loss.dtype == torch.float64 for loss in losses)
    outputs = torch.cat(first.outputs[: work.cell.accumulate])  # a closure evaluates the whole batch again
    return Computed(outputs, torch.stack(losses).double(), first.gradients, update, was_float64)


def _step(work: Workload) -> tuple[_Step, Tensor]:
    """One step on the next batch, and its loss."""
    batch = work.next_batch()
    for _ in range(HALVINGS):
        step = _Step(work, work.scaler.get_scale())
        loss = step.take(*batch)
        if not step.was_left_out:
            break
    return step, loss


def in_float64(work: Workload, images: Tensor, labels: Tensor) -> Workload:
    """The same network with the same weights and the same optimizer on these images, all in float64.

    It is eager and contiguous, without autocast, and so the truth that whatever `work` does is an approximation of.
    """
    plain = replace(as_torch_has_it(work.cell), dtype="float32", memory_format="contiguous", average="none")
    truth = Workload(plain, work.device, images.double(), labels, work.num_classes)
    if not work.is_pure:  # whose weights are rounded; those of the truth come of the same seed, and are not
        truth.model.load_state_dict(work.model.state_dict())
    truth.model.double()
    # some optimizers make their state at once, so in the type that the weights have by then
    optimizer = plain.source("optimizer")
    truth.optimizer = optimizers.build(optimizer, truth.model, plain.implementation, plain.learning_rate)
    if isinstance(truth.loss, nn.Module):
        truth.loss.double()
    for group in truth.optimizer.param_groups:
        match group.get("eps"):
            case (None, other):  # Adafactor takes it from the type of the weights, which would be another formula
                group["eps"] = (torch.finfo(torch.float32).eps, other)
    return truth


def without_dropout(model: nn.Module) -> None:
    """Put dropout aside: its draws depend on layout and mode, and are no error of arithmetic."""
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):  # noqa: SLF001 - the one class that all dropouts share
            module.eval()


def without_recipe(work: Workload) -> None:
    """Put aside what a step does beside passes and update: draws, and what is done to gradients by their norm."""
    work.recipe = Recipe(replace(work.cell, augmentation="none", clip_norm=0.0, average="none"), work.model)


def relative_error(values: Tensors, truth: Tensors) -> float:
    """The norm of the difference over the norm of the truth, over all tensors together; 0 where both are 0."""
    apart = _norm([_difference(value, true) for value, true in zip(values, truth, strict=True)])
    norm = _norm(truth)
    return apart / norm if norm else float("inf") if apart else 0.0


def _difference(value: Tensor | None, true: Tensor | None) -> Tensor | None:
    if value is None or true is None:
        return value if true is None else true
    return value.double() - true.double()


def _norm(tensors: Tensors) -> float:
    norms = [tensor.double().norm() for tensor in tensors if tensor is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0
