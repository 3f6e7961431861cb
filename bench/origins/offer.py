"""Offer: what a user's function or class is called with: of what can be offered, what it takes."""

from collections.abc import Sequence
from typing import Any

from architectures.calling import Arguments, MissingArguments, Offer, arguments_of
from bench.origins.resolve import OriginError, Resolved, calling


def call_with(resolved: Resolved, offers: Sequence[Offer]) -> Any:
    """Call what the user named with as many of the offers as it takes; what the user gave goes before.

    Raises:
        OriginError: it needs what nobody gave, or it raised.

    """
    if not callable(resolved.target):
        raise OriginError(f"'{resolved.text}' is {type(resolved.target).__name__}: name a class or a function")
    arguments = _arguments(resolved, offers)
    with calling(resolved.text, arguments.placed, {**arguments.named, **arguments.loose}):
        return arguments.call(resolved.target)


def taken(resolved: Resolved, offers: Sequence[Offer]) -> dict[str, Any]:
    """The offers that it takes, by the name of its parameter."""
    _, own = resolved.origin.call_arguments()
    return {name: value for name, value in _arguments(resolved, offers).named.items() if name not in own}


def _arguments(resolved: Resolved, offers: Sequence[Offer]) -> Arguments:
    own, own_named = resolved.origin.call_arguments()
    try:
        return arguments_of(resolved.target, offers, own, own_named)
    except MissingArguments as error:
        raise OriginError(
            f"'{resolved.text}' needs arguments: {', '.join(error.names)}; give them as "
            f"{resolved.origin.written_with(f'{error.names[0]}=...')}, or name a function that does"
        ) from error
