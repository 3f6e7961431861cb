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
    chosen = _named(unused, offers)
    if not isclass(target):
        chosen |= _placed(unused, offers, chosen, len(placed))
    if missing := [
        parameter.name for parameter in unused if parameter.default is Parameter.empty and parameter.name not in chosen
    ]:
        raise MissingArguments(missing)
    first = list(placed)
    for parameter in by_position[len(placed) :]:
        if parameter.kind is not Parameter.POSITIONAL_ONLY or parameter.name not in chosen:
            break
        first.append(chosen[parameter.name].value)
    names = {parameter.name for parameter in fixed if parameter.kind is not Parameter.POSITIONAL_ONLY}
    return Arguments(
        tuple(first),
        {**{name: offer.value for name, offer in chosen.items() if name in names}, **named},
        _loose(parameters, offers, {*names, *named}),
    )


def _named(unused: Sequence[Parameter], offers: Sequence[Offer]) -> dict[str, Offer]:
    """The offers that parameters mean by their names, by those."""
    names = [parameter.name for parameter in unused]
    chosen: dict[str, Offer] = {}
    for offer in offers:
        if name := next((name for name in offer.names if name in names and name not in chosen), None):
            chosen[name] = offer
    return chosen


def _placed(
    unused: Sequence[Parameter], offers: Sequence[Offer], chosen: Mapping[str, Offer], after: int
) -> dict[str, Offer]:
    """The offers for required parameters that no name explains, in order; the first places may be filled already."""
    required = [each.name for each in unused if each.default is Parameter.empty and each.name not in chosen]
    left = [offer for offer in offers if offer.by_place and offer not in chosen.values()]
    return dict(zip(required, left[after:], strict=False))


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
