"""Named: an optimizer out of what a user named: a class of torch.optim's kind, or a function of the parameters."""

from inspect import getdoc, signature
from typing import Any

from torch.optim import Optimizer

from bench.optimizers.spec import OptimizerSpec
from bench.origins import OriginError, resolve

UNKNOWN_RATE = 1e-3  # where its signature has none


def spec_of(text: str) -> tuple[OptimizerSpec, dict[str, Any]]:
    """The optimizer that a text names, and the facts of its origin.

    Raises:
        OriginError: it names none.

    """
    resolved = resolve(text)
    if not callable(resolved.target):
        raise OriginError(f"'{text}' is {type(resolved.target).__name__}, no optimizer: name a class or a function")
    _, own = resolved.origin.call_arguments()
    parameter = signature(resolved.target).parameters.get("lr")
    rate = own.get("lr", parameter.default if parameter else None)

    def make(parameters: Any, **settings: Any) -> Optimizer:
        optimizer = resolved.call(parameters, **settings)
        if not isinstance(optimizer, Optimizer):
            raise OriginError(f"'{text}' gives {type(optimizer).__name__}, no torch.optim.Optimizer: return one")
        return optimizer

    description = (getdoc(resolved.target) or "").partition("\n")[0]
    learning_rate = rate if isinstance(rate, float) and rate > 0 else UNKNOWN_RATE
    return OptimizerSpec(resolved.origin.label, description, learning_rate, make), resolved.facts
