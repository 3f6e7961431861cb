"""Numerics: how far the first step of a cell lies from the same step in float64: its loss, gradients and update."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from bench.measure.first_steps import Computed, compute, in_float64, relative_error, without_dropout, without_recipe
from bench.measure.workload import Workload
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.text import quantity

# How many times the bytes that a step keeps are taken at the peak, for a second step in a type twice as wide.
ACTIVATIONS, WEIGHTS = 3, 10
MOST_FLOPS = 5e10  # that take some 10 s on one thread in float64, in which convolutions are 20 times as slow
REPEATS = 1e-9  # kernels that add in any order differ by less than this in float64
ERRORS = {name: f"{name}_error" for name in ("output", "loss", "gradient", "update")}  # by what is compared


def too_large(counts: Mapping[str, float], room: float | None, parts: int = 1) -> str:
    """Why the host cannot take a step in float64 as well, by the exact counts of one and the bytes free; "" if it can.

    Counts, so that a cell has errors in every run or in none. In float64 the batch is evaluated whole.
    """
    needed = ACTIVATIONS * parts * counts.get("activation_bytes", 0) + WEIGHTS * counts.get("parameter_bytes", 0)
    if room is not None and needed > room / 2:
        return f"a step in float64 would take {quantity(needed, 'B')} where {quantity(room, 'B')} are free"
    if (flops := counts.get("flops", 0)) > MOST_FLOPS:
        return f"a step of {quantity(flops, 'FLOP')} takes too long in float64"
    return ""


def measure_numerics(work: Workload) -> tuple[list[Measurement], list[Warning]]:
    """The errors of the first step of a fresh workload; where they cannot be known, a warning says why.

    A replayed graph has no first step of its own, so that nothing is said of it.
    """
    if work.cell.mode == "cuda_graph":
        return [], []
    errors = first_step_errors(work)
    if isinstance(errors, str):
        return [], [unknown(errors)]
    threads = work.cell.threads
    return [Measurement.of_value(ERRORS[name], error, "single", threads) for name, error in errors.items()], []


def unknown(reason: str) -> Warning:
    """Why nothing is known of a cell's errors."""
    return Warning("numerics", "error not known", None, reason)


def first_step_errors(work: Workload) -> dict[str, float] | str:
    """Errors of a fresh workload's first step, relative to float64 from the same weights and images, or why not.

    They are those of ERRORS. Dropout is put aside on both sides, batch normalization goes by the batch on both. The
    update is compared with what the optimizer does in float64 with the very same gradients: its own error alone. An
    optimizer that asks for new gradients on its way has none. What is not finite is left out.
    """
    without_dropout(work.model)
    without_recipe(work)
    images, labels = work.next_batch()
    work.next_batch = lambda: (images, labels)  # type: ignore[method-assign] # the step below takes this batch too
    truth = in_float64(work, images, labels)
    without_dropout(truth.model)
    try:
        exact = _exact(truth)
        if _is_random(truth, exact):
            return "the net draws random numbers beside dropout, which no two arithmetics share"
    except RuntimeError as error:  # a layer of a user's own may insist on a type
        return f"the net does not run in float64: {(str(error).strip().splitlines() or [''])[0]}"
    own = compute(work)
    errors = {
        "output": relative_error([own.outputs], [exact.outputs]),
        "loss": relative_error([own.losses], [exact.losses]),
        "gradient": relative_error(own.gradients, exact.gradients),
    }
    if not truth.needs_closure:
        errors["update"] = relative_error(own.update, _update(truth, own.gradients))
    return {name: error for name, error in errors.items() if math.isfinite(error)}


def _exact(truth: Workload) -> Computed:
    """Outputs, loss and gradients of the whole batch, with no update."""
    outputs = truth.forward(truth.images)
    loss = truth.loss(outputs, truth.labels)
    if loss.dtype != torch.float64:
        raise RuntimeError(f"its loss is of {loss.dtype}")
    loss.backward()
    parameters = list(truth.model.parameters())
    gradients = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None  # an optimizer of a user's might set those gradients to zero
    return Computed(outputs.detach(), loss.detach()[None], gradients, [], was_float64=True)


def _update(truth: Workload, gradients: list[Tensor | None]) -> list[Tensor]:
    """By how much the optimizer changes the weights with these gradients."""
    parameters = list(truth.model.parameters())
    before = [parameter.detach().clone() for parameter in parameters]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    truth.optimizer.step()
    return [parameter.detach() - value for parameter, value in zip(parameters, before, strict=True)]


def _is_random(truth: Workload, exact: Computed) -> bool:
    """Whether the net gives other outputs when it is asked again, without a new seed."""
    with torch.no_grad():
        again = truth.forward(truth.images)
    return relative_error([again], [exact.outputs]) > REPEATS
