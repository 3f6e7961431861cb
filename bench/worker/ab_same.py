"""What one side of an A/B comparison computes in its first steps, told so that another side's can be set beside it.

The parent may be of another revision than this code: read bench/process/CONTRACT.md before changing what it is told.
"""

from dataclasses import dataclass, replace

import torch

from bench.devices import Device, device_for
from bench.measure.batches import Part, Sources, load_for
from bench.measure.first_steps import Computed, compute, in_float64, relative_error, without_dropout
from bench.measure.numerics import first_step_errors
from bench.measure.operator_trace import trace_steps
from bench.measure.sketch import digest, sketch
from bench.measure.workload import Workload
from bench.origins.settings import OF_ARITHMETIC, settings_now
from bench.plan.cell import Cell
from bench.plan.compiled import as_torch_has_it
from bench.plan.precision import PURE, type_of
from bench.process.channel import Channel
from bench.process.messages import Figures, SameTask, StepResult
from bench.worker.failure import failure_sent

STEPS = 3  # momentum, and averages of gradients, show from the second on


def compute_steps(task: SameTask, channel: Channel) -> None:
    """Send the result of the first steps, then a trace of them in each arithmetic that the parent asks for."""
    with failure_sent(channel):
        side = _side_of(task)
        channel.send("result", _result(side))
        while (arithmetic := channel.receive()) is not None:
            work = side.eager() if arithmetic == "own" else side.truth()
            channel.send("trace", trace_steps(work, STEPS))


@dataclass(frozen=True, slots=True)
class _Side:
    """A cell with the images of its first steps."""

    cell: Cell
    device: Device
    part: Part
    classes: int
    dropout: bool

    def fresh(self, cell: Cell | None = None) -> Workload:
        """The cell, or another in its place, as nothing has stepped it yet."""
        return self._seeded(Workload(cell or self.cell, self.device, *self.part, self.classes))

    def eager(self) -> Workload:
        """The same operator by operator."""
        return self.fresh(as_torch_has_it(self.cell))

    def truth(self) -> Workload:
        """The same in float64."""
        return self._seeded(in_float64(self.eager(), *self.part))

    def _seeded(self, work: Workload) -> Workload:
        if not self.dropout:
            without_dropout(work.model)
        torch.manual_seed(self.cell.seed)  # so that what a step draws does not hang on what building a net drew
        return work


def _side_of(task: SameTask) -> _Side:
    cell = Cell.from_dict(task["cell"])
    cell = (
        replace(cell, mode="eager") if cell.mode == "cuda_graph" else cell
    )  # a graph replays the kernels of that step
    device = device_for(cell)
    dataset = load_for(cell, task["data_dir"], whole=False)
    part = Sources(dataset, device).train(cell, STEPS * cell.batch_size)
    return _Side(cell, device, part, dataset.num_classes, task["dropout"])


def _result(side: _Side) -> StepResult:
    first, second = compute(side.fresh(), STEPS), compute(side.fresh(), STEPS)
    bits, again = (digest([one.losses, *one.gradients, *one.update]) for one in (first, second))
    errors = first_step_errors(side.fresh())
    exact = _exact(side)
    spread = 0.0
    if bits != again:
        spread = _apart(second, first) if exact is None else _apart(*(compute(side.truth(), STEPS) for _ in range(2)))
    return {
        "bits": bits,
        "repeats": bits == again,
        "spread": spread,
        "epsilon": torch.finfo(getattr(torch, type_of(side.cell.dtype))).eps,
        "pure": side.cell.dtype.startswith(PURE),
        "flags": {name: str(value) for name, value in settings_now().items() if name in OF_ARITHMETIC},
        "own": _figures(first),
        "exact": None if exact is None else _figures(exact),
        "errors": {} if isinstance(errors, str) else errors,
    }


def _apart(again: Computed, first: Computed) -> float:
    return max(
        relative_error([again.losses], [first.losses]),
        relative_error(again.gradients, first.gradients),
        relative_error(again.update, first.update),
    )


def _exact(side: _Side) -> Computed | None:
    """The first steps in float64; None where the net computes in another type."""
    try:
        computed = compute(side.truth(), STEPS)
    except RuntimeError:  # a layer of a user's own may insist on a type
        return None
    return computed if computed.was_float64 else None


def _figures(computed: Computed) -> Figures:
    return {
        "losses": sketch([computed.losses]),
        "gradients": sketch(computed.gradients),
        "update": sketch(computed.update),
    }
