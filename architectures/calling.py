"""Calling: a class or function from outside is called with as much of what is offered as it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, isclass, signature
from typing import Any

_FIXED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that is given to a parameter of one of these names.

    Attributes:
        value: what is given.
        names: of parameters that mean it, the usual one first.
        by_place: whether a function also gets it for a required parameter of another name, in the order of the offers.
        loose: whether it is tried under its usual name where `**keywords` are taken and no parameter has its name.

    """

    value: Any
    names: tuple[str, ...]
    by_place: bool = True
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Arguments:
    """What to call something with: by position, by name, and by names that it may not know."""

    placed: tuple[Any, ...]
    named: Mapping[str, Any]
    loose: Mapping[str, Any]

    def call(self, target: Callable[..., Any]) -> Any:
        """Call it; without the loose ones where they are not taken after all."""
        try:
            return target(*self.placed, **self.named, **self.loose)
        except TypeError:
            if not self.loose:
                raise
        return target(*self.placed, **self.named)


class MissingArguments(TypeError):  # noqa: N818 - it reads as what it is where it is caught
    """It needs what nobody offers: the `names` of its parameters."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"it needs arguments: {', '.join(names)}")
        self.names = tuple(names)


def arguments_of(
    target: Callable[..., Any], offers: Sequence[Offer], placed: Sequence[Any] = (), named: Mapping[str, Any] = {}
) -> Arguments:
    """What to call `target` with: what is `placed` and `named` already, and as many of the offers as it takes.

    A class is offered a value only by the name of its parameter, since a width is no shape; so is a function, but for
    required parameters that no name explains.

    Raises:
        MissingArguments: it needs more.

    """
    parameters = _parameters(target)
    fixed = [parameter for parameter in parameters if parameter.kind in _FIXED]
    by_position = [parameter for parameter in fixed if parameter.kind is not Parameter.KEYWORD_ONLY]
    unused = [parameter for parameter in fixed if parameter not in by_position[: len(placed)]]
    unused = [parameter for parameter in unused if parameter.name not in named]
    chosen = _chosen(unused, offers, by_place=not isclass(target))
    if missing := [
        parameter.name for parameter in unused if parameter.default is Parameter.empty and parameter.name not in chosen
    ]:
        raise MissingArguments(missing)
    first = list(placed)
    for parameter in by_position[len(placed) :]:
        if parameter.kind is not Parameter.POSITIONAL_ONLY or parameter.name not in chosen:
            break
        first.append(chosen.pop(parameter.name))
    names = {parameter.name for parameter in fixed if parameter.kind is not Parameter.POSITIONAL_ONLY}
    return Arguments(
        tuple(first),
        {**{name: value for name, value in chosen.items() if name in names}, **named},
        _loose(parameters, offers, {*names, *named}),
    )


def _chosen(unused: Sequence[Parameter], offers: Sequence[Offer], *, by_place: bool) -> dict[str, Any]:
    """The offers that are taken, by the name of the parameter."""
    names, left, chosen = [parameter.name for parameter in unused], list(offers), {}
    for offer in offers:
        if name := next((name for name in offer.names if name in names and name not in chosen), None):
            chosen[name] = offer.value
            left.remove(offer)
    if by_place:
        required = [
            parameter.name
            for parameter in unused
            if parameter.default is Parameter.empty and parameter.name not in chosen
        ]
        values = [offer.value for offer in left if offer.by_place]
        chosen |= dict(zip(required, values, strict=False))
    return chosen


def _loose(parameters: Sequence[Parameter], offers: Sequence[Offer], names: set[str]) -> dict[str, Any]:
    """What is tried where any name is taken."""
    if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        return {}
    return {offer.names[0]: offer.value for offer in offers if offer.loose and not names & {*offer.names}}


def _parameters(target: Callable[..., Any]) -> list[Parameter]:
    try:
        return list(signature(target).parameters.values())
    except (ValueError, TypeError):  # one of C's
        return []
