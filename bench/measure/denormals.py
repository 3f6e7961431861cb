"""Denormals: how many numbers of a training are below full precision, which many processors compute slowly."""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor

from bench import optimizers
from bench.measure.workload import Workload
from bench.store.warning import Warning
from bench.text import tenths
from bench.vocabulary import Part

SMALLEST = torch.finfo(torch.float32).tiny  # 1.2e-38, the smallest number of full precision
NOTED = 0.005  # a share of all numbers: chosen, below the 2.4 % that cost the mlp a quarter of its speed


def share_of(work: Workload) -> float:
    """Share of the weights and of the optimizer's state that are denormal; they are, where Adam's averages decay.

    0 where this process flushes them: then they compare as 0.
    """
    held = [tensor for tensor in _numbers(work) if tensor.is_floating_point()]
    count = sum(int(((tensor.abs() < SMALLEST) & (tensor != 0)).sum()) for tensor in held)
    return count / sum(tensor.numel() for tensor in held)


def warnings_of(part: Part, work: Workload) -> list[Warning]:
    """A warning on a part of a measurement that left many denormals behind, where they are slow."""
    if not work.device.facts.slow_denormals or (share := share_of(work)) < NOTED:
        return []
    text = f"{tenths(share)} of weights and optimizer state are denormal, which may slow the steps (--denormals flush)"
    return [Warning(part, "denormals", share, text)]


def _numbers(work: Workload) -> Iterator[Tensor]:
    return chain((parameter.detach() for parameter in work.model.parameters()), optimizers.state_of(work.optimizer))
