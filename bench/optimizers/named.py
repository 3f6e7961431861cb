"""Named: an optimizer out of what a user named: a class of torch.optim's kind, or a function of the parameters."""

from collections.abc import Mapping
from inspect import Parameter, isclass, signature
from typing import Any

from torch import nn
from torch.optim import Optimizer

from bench.errors import brief
from bench.optimizers.manners import is_no_rate, is_rate, is_required, set_rate, switch
from bench.optimizers.spec import OptimizerSpec, implementations_of
from bench.origins import OriginError, Resolved, resolve
from bench.origins.module_path import on_path
from bench.origins.resolve import failures, folder_of

# What parameters of a class or function are called that mean the same to everybody; else the first gets the weights.
NAMED = ("named_parameters", "named_params")
MODEL = ("model", "module", "net", "network")
WRAPPED = ("optimizer", "base_optimizer", "inner_optimizer")
RATE = ("lr", "learning_rate")


def spec_of(text: str, name: str = "") -> OptimizerSpec:
    """The optimizer that a text names, under its label or the `name` of a plug-in; nothing is made yet.

    Raises:
        OriginError: it names none.

    """
    resolved = resolve(text)
    parameters = _parameters(resolved)
    _, own = resolved.origin.call_arguments()
    rate_name = next((name for name in RATE if name in parameters), "")
    default = parameters[rate_name].default if rate_name else None
    rate = own.get(rate_name, default)
    _check_rate(text, rate, rate_name)

    def make(model: nn.Module, learning_rate: float | None = None, /, **flags: bool) -> Optimizer:
        settings = {rate_name: learning_rate} if rate_name and learning_rate is not None else {}
        optimizer = _made(resolved, parameters, model, {**settings, **flags})
        if learning_rate is not None and not settings:
            set_rate(optimizer, learning_rate)
        switch(optimizer, training=True)  # some refuse to step before
        return optimizer

    return OptimizerSpec(
        name or resolved.origin.label,
        resolved.description,
        float(rate) if is_rate(rate) else None,
        make,
        implementations_of(resolved.target, tuple(own)) if parameters else (),
        rate_name=rate_name,
        rate_needed=rate is Parameter.empty,
        text=text,
    )


def _parameters(resolved: Resolved) -> Mapping[str, Parameter]:
    """The parameters of what was named, none where it does not tell them.

    Raises:
        OriginError: it is no class of an optimizer and no function.

    """
    text, target = resolved.text, resolved.target
    if isinstance(target, Optimizer):
        raise OriginError(f"'{text}' is an optimizer that is made already: name its class, or a function that makes it")
    if isclass(target) and not issubclass(target, Optimizer):
        raise OriginError(f"'{text}' is no torch.optim.Optimizer: name a class of that kind, or a function making one")
    if not callable(target):
        raise OriginError(f"'{text}' is {type(target).__name__}, no optimizer: name a class or a function")
    if resolved.origin.call_arguments()[0]:
        raise OriginError(f"'{text}': give an optimizer its arguments by name, since the weights come first")
    try:
        return signature(target).parameters
    except (ValueError, TypeError):  # one of C's
        return {}


def _made(resolved: Resolved, parameters: Mapping[str, Parameter], model: nn.Module, settings: Any) -> Optimizer:
    """Call it with what it asks for by name; without such a wish, with the weights first."""
    text, (_, own) = resolved.text, resolved.origin.call_arguments()
    offers = {**{key: list(model.named_parameters()) for key in NAMED}, **dict.fromkeys(MODEL, model)}
    wanted = {name: value for name, value in offers.items() if name in parameters and name not in own}
    placed = [list(model.parameters())]
    if "params" in parameters:
        wanted["params"], placed = placed[0], []
    elif wanted and not _waits_for_weights(parameters, {*own, *wanted, *RATE}):
        placed = []
    _check_needs(resolved, parameters, {*own, *wanted, *settings}, bool(placed))
    # what the plan says, such as its rate, goes before what the user wrote
    with on_path(folder_of(text)), failures(text, "cannot be called"):
        optimizer = resolved.target(*placed, **{**own, **wanted, **settings})
    if not isinstance(optimizer, Optimizer):
        kind = "nothing" if optimizer is None else type(optimizer).__name__
        raise OriginError(f"'{text}' gives {kind}, no torch.optim.Optimizer: return one")
    for group in optimizer.param_groups:
        _check_rate(text, group.get("lr"))
    return optimizer


def _check_rate(text: str, rate: object, name: str = RATE[0]) -> None:
    """Refuse what can be no learning rate: most optimizers of users take any number, and climb by one below 0."""
    if is_no_rate(rate):
        raise OriginError(f"'{text}' has the learning rate {brief(rate)}: give a number above 0, such as {name}=0.01")


def _waits_for_weights(parameters: Mapping[str, Parameter], others: set[str]) -> bool:
    """Whether what comes first has to be given by place, and is none of the `others`."""
    first = next(iter(parameters.values()))
    by_place = first.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return by_place and is_required(first) and first.name not in others


def _check_needs(resolved: Resolved, parameters: Mapping[str, Parameter], known: set[str], with_weights: bool) -> None:
    """Refuse what needs more than it gets, with what to write."""
    first = next(iter(parameters), "")
    missing = [name for name, each in parameters.items() if is_required(each) and name not in known]
    if any(name in WRAPPED for name in missing):
        raise OriginError(f"'{resolved.text}' wraps another optimizer: name a function of the weights that makes both")
    missing = missing[1:] if with_weights and missing[:1] == [first] else missing
    if missing and missing[0] in RATE:
        written = resolved.origin.written_with(f"{missing[0]}=0.01")
        raise OriginError(f"'{resolved.text}' has no learning rate of its own: write {written}, or --learning-rates")
    if missing:
        written = resolved.origin.written_with(f"{missing[0]}=...")
        raise OriginError(f"'{resolved.text}' needs arguments: {', '.join(missing)}; write {written}")
