"""Descent: a training made once more for its path, the weights kept now and then; nothing of it is timed."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.measure.workload import Workload
from bench.plan.surface import POINTS
from bench.training.lr_schedules import LearningRates
from bench.training.train import DivergedError, steps_of

_EARLY = 1.5  # above 1 the first of them lie closer together, where the way is steep


@dataclass(frozen=True, slots=True)
class Trodden:
    """The path of a training.

    Attributes:
        steps: after which weights were kept, from 0.
        weights: (points, parameters), float32 on the host, as evaluations have them.

    """

    steps: tuple[int, ...]
    weights: Tensor


def trodden(work: Workload, epochs: int, steps: int) -> Trodden:
    """Train a fresh workload for so many steps of so many epochs, as `train` does.

    Raises:
        DivergedError: a weight is not finite any more.

    """
    whole = len(work.images) // work.cell.batch_size
    rates = LearningRates(work.optimizer, work.cell.schedule)
    kept = {0: _weights(work)}
    wanted = set(points_of(steps))
    for step, images, labels in steps_of(work, epochs, lambda: None):
        if step > steps:
            break
        work.recipe.progress = (step - 1) / (epochs * whole)
        rates.advance(work.recipe.progress)
        work.update(images, labels)
        if step in wanted:
            kept[step] = _weights(work)
            work.train()
    return Trodden(tuple(kept), torch.stack([*kept.values()]))


def points_of(steps: int) -> list[int]:
    """After which of so many steps weights are kept: closer together at first, the last one among them."""
    shares = ((at / (POINTS - 1)) ** _EARLY for at in range(POINTS))
    return [*dict.fromkeys(round(steps * share) for share in shares)]


def flat(net: nn.Module) -> Tensor:
    """The parameters of a net in one row (parameters,), float32 on the host."""
    return torch.cat([each.detach().reshape(-1).float().cpu() for each in net.parameters()])


def _weights(work: Workload) -> Tensor:
    work.eval()  # the averaged weights, of an optimizer that keeps some
    weights = flat(work.model)
    if not weights.isfinite().all():
        raise DivergedError("a weight is not finite any more")
    return weights
