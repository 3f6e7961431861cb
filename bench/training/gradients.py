"""Gradients: their norms in single steps of a training, read while its stopwatch is stopped."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from bench import models
from bench.counters.energy import EnergyMeter
from bench.devices import Device
from bench.measure.workload import Workload
from bench.plan.timing import EVALUATIONS_PER_EPOCH


class Stopwatch:
    """Seconds of training alone, and its joules where there is a meter, which is read outside of the seconds.

    The device is synchronized where it starts and stops, and nowhere else.
    """

    def __init__(self, device: Device, meter: EnergyMeter | None = None) -> None:
        self.seconds = 0.0
        self._device, self._meter = device, meter
        self._since = 0.0
        self._joules = 0.0

    def start(self) -> None:
        """Go on."""
        self._device.synchronize()
        if self._meter:
            self._meter.start()
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stand still."""
        self._device.synchronize()
        self.seconds += time.perf_counter() - self._since
        self._joules += self._meter.joules() if self._meter else 0.0

    @property
    def energy(self) -> dict[str, float]:
        """The `joules` until it last stopped; nothing where they cannot be told."""
        return {"joules": self._joules} if self._meter and not self._meter.trouble else {}

    def read(self) -> float:
        """Seconds so far, while it runs."""
        if self._meter:
            self._meter.keep_up()
        return self.seconds + time.perf_counter() - self._since


class Gradients:
    """The norms of the gradients of single batches, read before the optimizer uses them, the stopwatch stopped.

    Attributes:
        record: `names` and `shapes` of the parameters that are trained, from input to output; `steps`, whose gradients
            were noted, from 1; `seconds` of training until each of them; `norms`, for each the Euclidean norm of each
            parameter's gradient.

    """

    def __init__(self, work: Workload, watch: Stopwatch, whole: int) -> None:
        self._work, self._watch, self._whole = work, watch, whole
        self._ends = {whole * part // EVALUATIONS_PER_EPOCH % whole for part in range(EVALUATIONS_PER_EPOCH)}
        self._named = _from_input_to_output(work)
        self.record: dict[str, list[Any]] = {
            "names": [name for name, _ in self._named],
            "shapes": [list(parameter.shape) for _, parameter in self._named],
            "steps": [],
            "seconds": [],
            "norms": [],
        }

    def noting(self, step: int) -> Callable[[], None] | None:
        """What notes those of this step, from 1, if it is the first of all or the last of a quarter of an epoch."""
        return partial(self._note, step) if step == 1 or step % self._whole in self._ends else None

    def _note(self, step: int) -> None:
        """Note them; the loss scale of float16 is taken out."""
        self._watch.stop()
        scale = self._work.scaler.get_scale()
        grads = [parameter.grad for _, parameter in self._named]
        norms = torch.stack([torch.zeros(()) if grad is None else grad.norm().float().cpu() for grad in grads]) / scale
        self.record["steps"].append(step)
        self.record["seconds"].append(self._watch.seconds)
        self.record["norms"].append([float(f"{norm:.3g}") for norm in norms.tolist()])
        self._watch.start()


def _from_input_to_output(work: Workload) -> list[tuple[str, nn.Parameter]]:
    """The parameters that are trained, in the order in which images meet them."""
    channels, height, width = work.images.shape[1:]
    text, shape = work.cell.source("architecture"), (channels, height, width)
    passage = models.passage_of(text, shape, work.num_classes, training=True)
    trained = {name: each for name, each in work.model.named_parameters() if each.requires_grad}
    return [(name, trained[name]) for name in passage.in_order([*trained])]
