"""Trial: an optimizer that a user named makes some steps on a small net, and what it is comes to light there."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from bench.optimizers.manners import has_rates, needs_closure, rate_of, step_with
from bench.optimizers.spec import OptimizerSpec
from bench.origins import OriginError
from bench.origins.resolve import failures
from bench.plan.origin import parse

HOST = torch.device("cpu")
STEPS = 12  # some optimizers do only every tenth step what they are made for
RATE = 1e-3  # where it cannot be made without one
IMAGES, CLASSES = (4, 3, 6, 6), 10


def small_net(device: torch.device | str = HOST) -> nn.Module:
    """A net with each usual kind of weights: of a convolution, of a normalization, and a matrix with biases."""
    layers = {
        "conv": nn.Conv2d(3, 8, 3),
        "norm": nn.BatchNorm2d(8),
        "relu": nn.ReLU(),
        "flatten": nn.Flatten(),
        "fc": nn.Linear(128, CLASSES),
    }
    return nn.Sequential(OrderedDict(layers)).to(device)


def made(spec: OptimizerSpec, model: nn.Module, **flags: bool) -> Optimizer:
    """The optimizer at its own rate, or at some rate where it has none."""
    return spec.make(model, RATE if spec.rate_needed else None, **flags)


def facts_of(spec: OptimizerSpec, devices: Sequence[torch.device] = (HOST,)) -> dict[str, Any]:
    """What an optimizer that a user named is like: `learning_rate`, `needs_closure`, and what it `cannot`, with why.

    `cannot` has reasons by what is asked: "default rate", "learning rate", "tune", "schedule", "cuda_graph".

    Args:
        spec: of the optimizer.
        devices: on one of them it has to step: some have kernels for GPUs alone.

    Raises:
        OriginError: it cannot be made, or makes no step.

    """
    for device in devices[:-1]:
        try:
            return _facts_on(device, spec)
        except OriginError:
            continue
    return _facts_on(devices[-1], spec)


def _facts_on(device: torch.device, spec: OptimizerSpec) -> dict[str, Any]:
    with torch.random.fork_rng(devices=[]), _one_thread(), warnings.catch_warnings(action="ignore"):
        optimizer = made(spec, small_net(device))
        rate = None if spec.rate_needed else rate_of(optimizer) or spec.learning_rate
        _check_steps(spec, device)
    return {"learning_rate": rate, "needs_closure": needs_closure(optimizer), "cannot": _cannot(spec, optimizer, rate)}


@contextmanager
def _one_thread() -> Iterator[None]:
    """With one thread until the end of the block: several would wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _cannot(spec: OptimizerSpec, optimizer: Optimizer, rate: float | None) -> dict[str, str]:
    name, example = spec.name, f"write {_place(spec.text)}({spec.rate_name}=...)"
    cannot: dict[str, str] = {}
    if spec.rate_needed:
        cannot["default rate"] = f"{name} has no learning rate of its own: {example}"
    if rate is None:
        cannot["tune"] = f"{name} has no learning rate of its own to look around" + (
            f": {example}" if spec.rate_name else ""
        )
    if rate is None and not spec.rate_name:
        cannot["learning rate"] = f"{name} takes no learning rate"
    if not has_rates(optimizer):
        cannot["schedule"] = f"{name} has no learning rate in its groups of parameters that a schedule could change"
    if not _is_capturable(type(optimizer)):
        cannot["cuda_graph"] = f"{name} does not say that a CUDA graph can replay it (capturable)"
    return cannot


def _place(text: str) -> str:
    """What is named, without its arguments."""
    origin = parse(text)
    assert origin is not None
    return origin.name if origin.digest else f"{origin.source}:{origin.name}"


def _is_capturable(kind: type[Optimizer]) -> bool:
    """Whether a CUDA graph can replay it: torch's own, and those that say so as these do."""
    return kind.__module__.startswith("torch.optim.") or "capturable" in signature(kind).parameters


def _check_steps(spec: OptimizerSpec, device: torch.device) -> None:
    """Refuse what makes no steps as they are made here, in one line that says what it lacks."""
    try:
        _steps(spec, device)
    except OriginError:
        raise
    except Exception as error:
        trouble = "cannot make a step"
        if _works(spec, device, with_closure=True):
            raise OriginError(
                f"'{spec.text}' {trouble} without a closure and does not say so: give it an attribute needs_closure"
            ) from error
        if _works(spec, device, create_graph=True):
            raise OriginError(
                f"'{spec.text}' {trouble} here: it asks for gradients of gradients (create_graph=True)"
            ) from error
        with failures(spec.text, trouble):
            raise


def _works(spec: OptimizerSpec, device: torch.device, **manner: bool) -> bool:
    try:
        _steps(spec, device, **manner)
    except Exception:  # whatever a user's code raises, it does not work
        return False
    return True


def _steps(
    spec: OptimizerSpec, device: torch.device, with_closure: bool | None = None, create_graph: bool = False
) -> None:
    """Make the steps, as `bench.measure.workload` makes them.

    Raises:
        OriginError: they change no weight.

    """
    model = small_net(device)
    optimizer = made(spec, model)
    evaluate = _evaluation(model, optimizer, create_graph)
    before = [weight.detach().clone() for weight in model.parameters()]
    for _ in range(STEPS):
        if needs_closure(optimizer) if with_closure is None else with_closure:
            step_with(optimizer, evaluate)
        else:
            evaluate()
            optimizer.step()
    if all(torch.equal(weight, old) for weight, old in zip(model.parameters(), before, strict=True)):
        raise OriginError(f"'{spec.text}' changes no weight of a net in {STEPS} steps: is it given the net's own?")


def _evaluation(model: nn.Module, optimizer: Optimizer, create_graph: bool) -> Callable[[], Tensor]:
    device = next(model.parameters()).device
    images, labels = torch.rand(IMAGES, device=device), torch.arange(IMAGES[0], device=device)

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward(create_graph=create_graph)
        return loss.detach()

    return evaluate
