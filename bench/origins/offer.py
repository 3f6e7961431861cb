"""Offer: what a user's function or class is called with: of what can be offered, what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import Parameter, isclass, signature
from typing import Any

from bench.origins.resolve import OriginError, Resolved

_FIXED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that is given to a parameter of one of these names.

    Attributes:
        value: what is given.
        names: of parameters that mean it, the usual one first.
        by_place: whether a function also gets it for a required parameter of another name, in the order of the offers.

    """

    value: Any
    names: tuple[str, ...]
    by_place: bool = True


def call_with(resolved: Resolved, offers: Sequence[Offer]) -> Any:
    """Call what the user named with as many of the offers as it takes; what the user gave goes before.

    Raises:
        OriginError: it needs what nobody gave, or it raised.

    """
    if not callable(resolved.target):
        raise OriginError(f"'{resolved.text}' is {type(resolved.target).__name__}: name a class or a function")
    return resolved.call(**taken(resolved, offers))


def taken(resolved: Resolved, offers: Sequence[Offer]) -> dict[str, Any]:
    """The offers that it takes, by the name of its parameter."""
    open_parameters = _open_parameters(resolved)
    chosen: dict[str, Any] = {}
    left = list(offers)
    for offer in offers:
        name = next((name for name in offer.names if name in open_parameters and name not in chosen), None)
        if name is not None:
            chosen[name] = offer.value
            left.remove(offer)
    required = [name for name, needed in open_parameters.items() if needed and name not in chosen]
    by_place = [] if isclass(resolved.target) else [offer for offer in left if offer.by_place]
    for name, offer in zip(required, by_place, strict=False):
        chosen[name] = offer.value
    if missing := required[len(by_place) :]:
        usual = " and ".join(offer.names[0] for offer in offers if offer.by_place)
        raise OriginError(
            f"'{resolved.text}' needs arguments: {', '.join(missing)}; give them as "
            f"{resolved.origin.source}:{resolved.origin.name}({missing[0]}=...), or name them {usual}"
        )
    return chosen


def _open_parameters(resolved: Resolved) -> dict[str, bool]:
    """The parameters that the user's own arguments leave open, and whether each must be given."""
    try:
        parameters = signature(resolved.target).parameters.values()
    except (ValueError, TypeError):  # one of C's
        return {}
    own, own_named = resolved.origin.call_arguments()
    named = [parameter for parameter in parameters if parameter.kind in _FIXED][len(own) :]
    return {
        parameter.name: parameter.default is Parameter.empty
        for parameter in named
        if parameter.name not in own_named and parameter.kind is not Parameter.POSITIONAL_ONLY
    }
