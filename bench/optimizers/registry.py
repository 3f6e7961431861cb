"""The optimizers by name: torch.optim's for dense networks and some of today's, with learning rates that suit MNIST."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import nn, optim
from torch.optim import Optimizer

from bench.devices import is_out_of_memory
from bench.errors import BenchError, message_of, unknown
from bench.optimizers.ademamix import AdEMAMix
from bench.optimizers.lion import Lion
from bench.optimizers.manners import is_rate, needs_closure
from bench.optimizers.muon import MuonWithAdamW
from bench.optimizers.named import spec_of
from bench.optimizers.schedule_free import ScheduleFreeAdamW
from bench.optimizers.soap import SOAP
from bench.optimizers.spec import FLAGS, OptimizerSpec, implementations_of
from bench.optimizers.trial import HOST, made, small_net
from bench.optimizers.trial import facts_of as tried
from bench.origins import Plugins, resolve, settings_kept
from bench.plan.compiled import COMPILED
from bench.plan.matching import matches_any
from bench.plan.origin import parse


class UnsupportedError(BenchError, ValueError):
    """torch has no such implementation of the optimizer."""


# The step of L-BFGS is found by a line search. Its memory of curvature is short: every batch differs, and pairs of ten
# batches ago made small batches of 16 diverge in 1 of 16 seeds (convnet, 40 steps; with five none did).
LBFGS = partial(optim.LBFGS, max_iter=4, history_size=5, line_search_fn="strong_wolfe")
# Rprop follows the signs of the gradients of all images; on mini-batches its steps must be kept small.
RPROP = partial(optim.Rprop, step_sizes=(1e-6, 1e-3))

NADAMW = partial(optim.NAdam, weight_decay=0.01, decoupled_weight_decay=True)


def _own(name: str, description: str, learning_rate: float, kind: Callable[..., Optimizer]) -> OptimizerSpec:
    """One of the suite's, of torch's class with its settings."""

    def make(model: nn.Module, rate: float | None = None, /, **flags: bool) -> Optimizer:
        return kind(model.parameters(), lr=learning_rate if rate is None else rate, **flags)

    return OptimizerSpec(name, description, learning_rate, make, implementations_of(kind))


OPTIMIZERS = {
    spec.name: spec
    for spec in (
        _own("sgd", "stochastic gradient descent", 0.1, optim.SGD),
        _own("momentum", "SGD with momentum 0.9", 0.03, partial(optim.SGD, momentum=0.9)),
        _own("nesterov", "SGD, Nesterov momentum 0.9", 0.03, partial(optim.SGD, momentum=0.9, nesterov=True)),
        _own("rmsprop", "RMSprop (Hinton 2012)", 1e-3, optim.RMSprop),
        _own("adam", "Adam (Kingma & Ba 2015)", 1e-3, optim.Adam),
        _own("adamw", "Adam, decoupled weight decay 0.01 (Loshchilov & Hutter 2019)", 1e-3, optim.AdamW),
        _own("adagrad", "Adagrad (Duchi et al. 2011)", 0.01, optim.Adagrad),
        _own("adadelta", "Adadelta, its decay 0.95 (Zeiler 2012)", 1.0, partial(optim.Adadelta, rho=0.95)),
        _own("adamax", "Adamax, Adam in the infinity norm (Kingma & Ba 2015)", 4e-3, optim.Adamax),
        _own("nadam", "Adam with Nesterov momentum (Dozat 2016)", 1e-3, optim.NAdam),
        _own("radam", "rectified Adam (Liu et al. 2020)", 3e-3, optim.RAdam),
        _own("asgd", "averaged SGD (Polyak & Juditsky 1992); the average is not used", 0.1, optim.ASGD),
        _own("rprop", "resilient backpropagation, for full batches (Riedmiller & Braun 1993)", 1e-4, RPROP),
        _own("lbfgs", "limited-memory BFGS, strong Wolfe line search (Liu & Nocedal 1989)", 1.0, LBFGS),
        _own("adafactor", "Adafactor (Shazeer & Stern 2018)", 0.03, optim.Adafactor),
        _own("muon", "Muon for 2-D weights, AdamW for the rest (Jordan et al. 2024)", 5e-3, MuonWithAdamW),
        _own(
            "muon_conv",
            "Muon for matrices and convolutions, their filters reshaped to 2-D, AdamW for the rest",
            5e-3,
            partial(MuonWithAdamW, filters=True),
        ),
        _own("lion", "Lion, the sign of momentum, weight decay 0.01 (Chen et al. 2023)", 3e-4, Lion),
        _own("nadamw", "NAdam, decoupled weight decay 0.01 (Dozat 2016)", 1e-3, NADAMW),
        _own("ademamix", "AdEMAMix, slow average 0.999, no warm-up (Pagliardini et al. 2024)", 1e-3, AdEMAMix),
        _own("schedule_free", "Schedule-Free AdamW (Defazio et al. 2024)", 2.5e-3, ScheduleFreeAdamW),
        _own("soap", "SOAP, Adam in Shampoo's basis, filters as matrices (Vyas et al. 2024)", 3e-3, SOAP),
    )
}


_plugins = Plugins("bench.optimizers", lambda name, text: spec_of(text, name), OPTIMIZERS)


def plugin_problems(devices: tuple[torch.device, ...] = (HOST,)) -> list[str]:
    """One line for each plug-in that was left out, with the reason; the others are tried, as what a user names is."""
    return _plugins.problems(lambda _, spec: tried(spec, devices))


def names(*globs: str) -> list[str]:
    """The names that match any of the globs (all names without one): the suite's in the order above, then plug-ins."""
    known = [*OPTIMIZERS, *_plugins.names()]
    return [name for name in known if not globs or matches_any(name, globs)]


def get(name: str) -> OptimizerSpec:
    """The optimizer of a registered name or of an origin; BenchError, with the nearest name, if there is none."""
    if parse(name):
        return _named(name)
    spec = OPTIMIZERS.get(name) or _plugins.get(name)
    if spec is None:
        raise unknown("optimizer", name, names(), "list optimizers")
    return spec


def facts_of(name: str, devices: tuple[torch.device, ...] = (HOST,)) -> dict[str, Any]:
    """What is known of an optimizer before anything is measured.

    `description`, `learning_rate` (None where it has none of its own), `implementations`, `needs_closure`; of what is
    not the suite's own `cannot`, reasons by what it cannot do (`bench.optimizers.trial`), and `origin` or `plugin`,
    which code it is of. Such a one is tried on the devices, until it steps on one.

    Raises:
        BenchError: there is none, or it is none that can make a step.

    """
    spec = get(name)
    facts = {"description": spec.description, "implementations": ["default", *spec.implementations]}
    if not spec.text:
        closure = needs_closure(made(spec, small_net()))
        return {**facts, "learning_rate": spec.learning_rate, "needs_closure": closure}
    code = {"origin": resolve(name).facts} if parse(name) else {"plugin": _plugins.facts_of(name)}
    return {**facts, **tried(spec, devices), **code}


def build(
    name: str, model: nn.Module, implementation: str = "default", learning_rate: float | None = None
) -> Optimizer:
    """A new optimizer of all the model's parameters, ready to step.

    Raises:
        BenchError: the name is unknown, the learning rate is no number above 0, or the user's code fails.
        UnsupportedError: torch has no such implementation of it.

    """
    spec = get(name)
    fits = learning_rate is None or is_rate(learning_rate)
    if not fits:
        own = "its own" if spec.learning_rate is None else spec.learning_rate
        raise BenchError(f"learning rate {learning_rate} of '{name}' is no number above 0: leave it out for {own}")
    with settings_kept():
        return spec.make(model, learning_rate, **_flags(spec, implementation))


def unsupported(name: str, implementation: str, device: torch.device | str = HOST) -> str | None:
    """Why the implementation cannot run on the device, or None: tried there on a small net.

    Raises:
        BenchError: there is no memory left to try it.

    """
    spec = get(name)
    try:
        flags = _flags(spec, implementation)
        if flags:
            model = small_net(device)
            for weight in model.parameters():
                weight.grad = torch.ones_like(weight)
            made(spec, model, **flags).step()
    except Exception as error:  # torch's own errors are of several kinds, and a user's code may raise any
        if is_out_of_memory(error):  # which says nothing of the optimizer
            text = (
                f"optimizers cannot be tried on {device}: {message_of(error)}; free memory there, or choose --devices"
            )
            raise BenchError(text) from error
        return message_of(error)
    return None


@cache
def _named(text: str) -> OptimizerSpec:
    with settings_kept(random=True):
        return spec_of(text)


def _flags(spec: OptimizerSpec, implementation: str) -> dict[str, bool]:
    if implementation not in ("default", COMPILED, *spec.implementations):
        offered = ", ".join(("default", *spec.implementations))
        whose = f"'{spec.name}' has no implementation '{implementation}'"
        raise UnsupportedError(f"{whose} in torch: choose {offered}" if not spec.text else f"{whose}: choose {offered}")
    return FLAGS[implementation]
