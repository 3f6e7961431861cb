"""Specification of an optimizer: what is known before one is made, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

from torch.optim import Optimizer

# What each implementation asks of torch; "default" leaves the choice to torch, which may differ between devices.
FLAGS: dict[str, dict[str, bool]] = {
    "default": {},
    "forloop": {"foreach": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
}


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    """One optimizer. `make(parameters, lr=..., **flags)` creates it.

    Attributes:
        name: as in a plan.
        description: one line.
        learning_rate: trains the MLP and LeNet-5 on MNIST, pixels from 0 to 1, batches of 64, in one epoch.
        make: torch's class with its settings.
        needs_closure: `step` must be given a function that computes the loss and the gradients.

    """

    name: str
    description: str
    learning_rate: float
    make: Callable[..., Optimizer]
    needs_closure: bool = False

    @property
    def implementations(self) -> tuple[str, ...]:
        """Those that the installed torch offers beside "default"."""
        accepted = signature(self.make).parameters
        return tuple(name for name, flags in FLAGS.items() if flags and flags.keys() <= accepted.keys())
