"""Manners: what an optimizer asks of the loop around it, read off the object itself."""

from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from math import inf
from numbers import Real
from typing import TypeGuard

from torch import Tensor
from torch.optim import Optimizer
from torch.utils._pytree import tree_leaves

_GIVEN_BY_NAME_OR_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether `step` must be given a function that computes the loss and the gradients: it says so itself.

    By an attribute `needs_closure`, by a parameter of `step` without a default, or by the two halves of a step of SAM.
    """
    own_word = getattr(optimizer, "needs_closure", None)
    if own_word is not None:
        return bool(own_word)
    parameters = signature(optimizer.step).parameters.values()
    return any(map(is_required, parameters)) or steps_twice(optimizer)


def is_required(parameter: Parameter) -> bool:
    """Whether a call must give it."""
    return parameter.default is Parameter.empty and parameter.kind in _GIVEN_BY_NAME_OR_PLACE


def steps_twice(optimizer: Optimizer) -> bool:
    """Whether a step has two halves, as SAM's: to where the gradients lead, and back by the gradients found there.

    Such a step expects the first gradients to be there when it is called.
    """
    return all(callable(getattr(optimizer, half, None)) for half in ("first_step", "second_step"))


def step_with(optimizer: Optimizer, evaluate: Callable[[], Tensor]) -> None:
    """One step of an optimizer that needs a closure."""
    if steps_twice(optimizer):
        evaluate()
    optimizer.step(evaluate)  # type: ignore[arg-type] # typed as giving floats


def switch(optimizer: Optimizer, training: bool) -> None:
    """Have a schedule-free optimizer put in place the weights that it steps, or the averaged ones to be evaluated.

    Others have no such modes, and nothing is done.
    """
    modes = getattr(optimizer, "train", None), getattr(optimizer, "eval", None)
    if all(map(callable, modes)):
        modes[0 if training else 1]()  # type: ignore[misc] # both are callable


def rate_of(optimizer: Optimizer) -> float | None:
    """Its learning rate: the one it gives to its groups, else that of the first; None where they have none."""
    rates = (getattr(optimizer, "defaults", {}).get("lr"), *(group.get("lr") for group in optimizer.param_groups))
    return next((float(rate) for rate in rates if is_rate(rate)), None)


def is_rate(value: object) -> TypeGuard[float | Tensor]:
    """Whether it is a finite number above 0, maybe NumPy's or in a tensor."""
    return not isinstance(value, bool) and (number := _number(value)) is not None and 0 < number < inf


def is_no_rate(value: object) -> bool:
    """Whether it stands for a learning rate and can be none: below 0, a truth value, infinite or no number.

    0 is one, if of no use; what is no number at all, such as None, may mean anything.
    """
    return (number := _number(value)) is not None and (isinstance(value, bool) or not 0 <= number < inf)


def _number(value: object) -> float | None:
    """The number that it is; None for none, and for a tensor of several."""
    if isinstance(value, Tensor):
        return float(value) if value.numel() == 1 else None
    return float(value) if isinstance(value, Real) else None


def has_rates(optimizer: Optimizer) -> bool:
    """Whether every group of parameters has a learning rate, so that a schedule can change it."""
    return all(is_rate(group.get("lr")) for group in optimizer.param_groups)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give it another learning rate; groups with rates of their own keep their ratios."""
    own = rate_of(optimizer)
    for group in optimizer.param_groups:
        if own is not None and is_rate(group.get("lr")):
            group["lr"] = group["lr"] * rate / own


def state_of(optimizer: Optimizer) -> list[Tensor]:
    """The tensors that it keeps between steps, each once, with those of the optimizers that it wraps."""
    states = {id(each.state): each.state for each in _with_wrapped(optimizer)}
    leaves = (leaf for state in states.values() for leaf in tree_leaves(list(state.values())))
    return list({id(leaf): leaf for leaf in leaves if isinstance(leaf, Tensor)}.values())


def _with_wrapped(optimizer: Optimizer) -> Iterator[Optimizer]:
    """The optimizer, and those that stand in its attributes, which a wrapper steps."""
    waiting, seen = [optimizer], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [leaf for leaf in tree_leaves(list(vars(each).values())) if isinstance(leaf, Optimizer)]
