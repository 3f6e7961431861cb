"""Specification of an optimizer: what is known before one is made, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Protocol

from torch import nn
from torch.optim import Optimizer

# What each implementation asks of torch; "default" leaves the choice to torch, which may differ between devices.
FLAGS: dict[str, dict[str, bool]] = {
    "default": {},
    "forloop": {"foreach": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
    "compiled": {},  # a step that torch.compile makes of the default
}


class Make(Protocol):
    """Makes an optimizer of all the model's parameters; without a learning rate, with its own."""

    def __call__(self, model: nn.Module, learning_rate: float | None = None, /, **flags: bool) -> Optimizer:
        """Made of all its parameters."""
        ...


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    """One optimizer.

    Attributes:
        name: as in a plan, or the label of its origin.
        description: one line.
        learning_rate: its own. That of a registered one trains the MLP and LeNet-5 on MNIST, pixels from 0 to 1,
            batches of 64, in one epoch. None where only the optimizer made tells, or there is none.
        make: see `Make`.
        implementations: those that it offers beside "default".
        rate_name: what its parameter of a learning rate is called; "" where it is made without one, and its groups of
            parameters are given another.
        rate_needed: it cannot be made without a learning rate, and has none of its own.
        text: how its code is named, `my_opt.py:Lion`; "" for the suite's own.

    """

    name: str
    description: str
    learning_rate: float | None
    make: Make
    implementations: tuple[str, ...]
    rate_name: str = "lr"
    rate_needed: bool = False
    text: str = ""


def implementations_of(target: Callable[..., Optimizer], decided: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The implementations that a class or function offers beside "default", unless an argument of it is `decided`."""
    accepted = signature(target).parameters.keys() - set(decided)
    return tuple(name for name, flags in FLAGS.items() if flags and flags.keys() <= accepted)
