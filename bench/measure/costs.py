"""Costs: what a step takes that no clock is needed for: parameters, FLOPs, operators, bytes. The same in every run."""

from collections import Counter
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from bench.measure.workload import PHASES, Workload
from bench.store.result import Measurement


def measure_costs(work: Workload) -> list[Measurement]:
    """Exact counts of one steady eager training step; the optimizer's state exists already."""
    work.model.train()
    for _ in range(2):
        work.step()
    counts = {
        "parameters": sum(parameter.numel() for parameter in work.model.parameters()),
        **_flops(work),
        **_operators(work),
    }
    sizes = {
        "parameter_bytes": sum(_size(parameter) for parameter in work.model.parameters()),
        "optimizer_bytes": _state_bytes(work),
        "activation_bytes": _activation_bytes(work),
    }
    return [
        *(Measurement(metric, "1", "lower", float(value), "exact") for metric, value in counts.items()),
        *(Measurement(metric, "B", "lower", float(value), "exact") for metric, value in sizes.items()),
    ]


def measure_memory(work: Workload) -> list[Measurement]:
    """The peak of memory above the floor while a cell like `work` is built, stepped twice and let go."""

    def two_steps() -> None:
        fresh = Workload(work.cell, work.device, work.images, work.labels, work.num_classes)
        fresh.step()
        fresh.step()  # by now there are gradients and optimizer state

    peaks = work.device.peak_memory(two_steps)
    return [Measurement(metric, "B", "lower", value, "maximum") for metric, value in peaks.items()]


def _flops(work: Workload) -> dict[str, int]:
    """FLOPs of a step and of its forward pass, by torch's own counter (matrix products, convolutions, attention)."""
    images, labels = work.next_batch()
    with FlopCounterMode(display=False) as forward:
        outputs = work.model(images)
    with FlopCounterMode(display=False) as backward:
        work.loss(outputs, labels).backward()
    ahead = forward.get_total_flops()
    return {"flops": ahead + backward.get_total_flops(), "flops_forward": ahead}


class _OperatorCounter(TorchDispatchMode):
    """Counts the aten operators dispatched, by phase; a mark moves on to the next phase."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has not annotated it
        self.counts: Counter[str] = Counter()
        self._marks = 0

    def mark(self) -> None:
        self._marks += 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if 1 <= self._marks <= len(PHASES):
            self.counts[PHASES[self._marks - 1]] += 1
        return func(*args, **(kwargs or {}))


def _operators(work: Workload) -> dict[str, int]:
    """Operators of each phase of one steady step."""
    with _OperatorCounter() as counter:
        work.step(counter.mark)
    return {f"operators_{phase}": counter.counts[phase] for phase in PHASES}


def _activation_bytes(work: Workload) -> int:
    """Bytes that the forward pass and the loss keep for backward: distinct storages, parameters left out."""
    kept: dict[int, int] = {}
    own = {parameter.untyped_storage().data_ptr() for parameter in work.model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images, labels = work.next_batch()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), work.autocast:
        loss = work.loss(work.model(images), labels)
    del loss
    return sum(kept.values())


def _state_bytes(work: Workload) -> int:
    """Bytes of the tensors in the optimizer's state."""
    states = work.optimizer.state.values()
    return sum(_size(value) for state in states for value in state.values() if isinstance(value, Tensor))


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
