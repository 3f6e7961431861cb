"""The optimizers by name: those of torch.optim that train dense networks, with learning rates that suit MNIST."""

from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Any

import torch
from torch import nn, optim
from torch.optim import Optimizer

from bench.errors import BenchError, unknown
from bench.optimizers.muon import MuonWithAdamW
from bench.optimizers.named import spec_of
from bench.optimizers.spec import FLAGS, OptimizerSpec
from bench.plan.origin import parse

HOST = torch.device("cpu")


class UnsupportedError(BenchError, ValueError):
    """torch has no such implementation of the optimizer."""


# The step of L-BFGS is found by a line search. Its memory of curvature is short: every batch differs, and pairs of ten
# batches ago made small batches of 16 diverge in 1 of 16 seeds (convnet, 40 steps; with five none did).
LBFGS = partial(optim.LBFGS, max_iter=4, history_size=5, line_search_fn="strong_wolfe")
# Rprop follows the signs of the gradients of all images; on mini-batches its steps must be kept small.
RPROP = partial(optim.Rprop, step_sizes=(1e-6, 1e-3))

OPTIMIZERS = {
    spec.name: spec
    for spec in (
        OptimizerSpec("sgd", "stochastic gradient descent", 0.1, optim.SGD),
        OptimizerSpec("momentum", "SGD with momentum 0.9", 0.03, partial(optim.SGD, momentum=0.9)),
        OptimizerSpec("nesterov", "SGD, Nesterov momentum 0.9", 0.03, partial(optim.SGD, momentum=0.9, nesterov=True)),
        OptimizerSpec("rmsprop", "RMSprop (Hinton 2012)", 1e-3, optim.RMSprop),
        OptimizerSpec("adam", "Adam (Kingma & Ba 2015)", 1e-3, optim.Adam),
        OptimizerSpec("adamw", "Adam, decoupled weight decay 0.01 (Loshchilov & Hutter 2019)", 1e-3, optim.AdamW),
        OptimizerSpec("adagrad", "Adagrad (Duchi et al. 2011)", 0.01, optim.Adagrad),
        OptimizerSpec("adadelta", "Adadelta, its decay 0.95 (Zeiler 2012)", 1.0, partial(optim.Adadelta, rho=0.95)),
        OptimizerSpec("adamax", "Adamax, Adam in the infinity norm (Kingma & Ba 2015)", 4e-3, optim.Adamax),
        OptimizerSpec("nadam", "Adam with Nesterov momentum (Dozat 2016)", 1e-3, optim.NAdam),
        OptimizerSpec("radam", "rectified Adam (Liu et al. 2020)", 3e-3, optim.RAdam),
        OptimizerSpec("asgd", "averaged SGD (Polyak & Juditsky 1992); the average is not used", 0.1, optim.ASGD),
        OptimizerSpec("rprop", "resilient backpropagation, for full batches (Riedmiller & Braun 1993)", 1e-4, RPROP),
        OptimizerSpec("lbfgs", "limited-memory BFGS, strong Wolfe line search (Liu & Nocedal 1989)", 1.0, LBFGS, True),
        OptimizerSpec("adafactor", "Adafactor (Shazeer & Stern 2018)", 0.03, optim.Adafactor),
        OptimizerSpec("muon", "Muon for 2-D weights, AdamW for the rest (Jordan et al. 2024)", 5e-3, MuonWithAdamW),
    )
}


def names(*globs: str) -> list[str]:
    """The names that match any of the globs (all names without one), in the order above."""
    return [name for name in OPTIMIZERS if not globs or any(fnmatchcase(name, glob) for glob in globs)]


def get(name: str) -> OptimizerSpec:
    """The optimizer of a registered name or of an origin; BenchError, with the nearest name, if there is none."""
    if parse(name):
        return _named(name)[0]
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS, "list optimizers")
    return OPTIMIZERS[name]


def origin_facts(text: str) -> dict[str, Any]:
    """Which code an origin's optimizer is of (`bench.origins.Resolved.facts`)."""
    return _named(text)[1]


@cache
def _named(text: str) -> tuple[OptimizerSpec, dict[str, Any]]:
    return spec_of(text)


def build(
    name: str, model: nn.Module, implementation: str = "default", learning_rate: float | None = None
) -> Optimizer:
    """A new optimizer of all the model's parameters.

    Raises:
        BenchError: the name is unknown, or the learning rate is not positive.
        UnsupportedError: torch has no such implementation of it.

    """
    spec = get(name)
    rate = spec.learning_rate if learning_rate is None else learning_rate
    if not rate > 0:
        raise BenchError(f"learning rate {rate} of '{name}' is not positive: leave it out for {spec.learning_rate}")
    return spec.make(model.parameters(), lr=rate, **_flags(spec, implementation))


def unsupported(name: str, implementation: str, device: torch.device = HOST) -> str | None:
    """Why the implementation cannot run on the device, or None: tried there on a single number."""
    spec = get(name)
    try:
        flags = _flags(spec, implementation)
        if flags:
            number = nn.Parameter(torch.ones(1, device=device))
            number.grad = torch.ones_like(number)
            spec.make([number], lr=spec.learning_rate, **flags).step()
    except (RuntimeError, NotImplementedError, AssertionError, UnsupportedError) as error:
        return str(error).partition("\n")[0]
    return None


def _flags(spec: OptimizerSpec, implementation: str) -> dict[str, bool]:
    if implementation != "default" and implementation not in spec.implementations:
        offered = ", ".join(("default", *spec.implementations))
        raise UnsupportedError(f"'{spec.name}' has no implementation '{implementation}' in torch: choose {offered}")
    return FLAGS[implementation]
