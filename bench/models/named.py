"""Named: an architecture out of what a user named: a class or a function of a file or module."""

from functools import partial
from inspect import isclass
from typing import Any

from torch import nn

from architectures import Architecture
from architectures.fitting import first_line, offers_of
from architectures.shapes import Shape
from bench.models.collections import COLLECTIONS
from bench.origins import OriginError, Resolved, resolve
from bench.origins.offer import call_with
from bench.plan.origin import parse

REMEDY = "name a class of torch.nn.Module, or a function that builds a network"


def architecture_of(text: str) -> tuple[Architecture, dict[str, Any]]:
    """The architecture that a text names, under its label, and the facts of its origin.

    Raises:
        BenchError: it names none.

    """
    origin = parse(text)
    assert origin is not None
    if origin.source in COLLECTIONS:
        return COLLECTIONS[origin.source](text, origin)
    resolved = resolve(text)
    target = resolved.target
    if isinstance(target, nn.Module):
        raise OriginError(f"'{text}' is a network that is built already: {REMEDY}")
    if isclass(target) and not issubclass(target, nn.Module):
        raise OriginError(f"'{text}' is a class, and none of torch.nn.Module: {REMEDY}")
    if not callable(target):
        raise OriginError(f"'{text}' is {type(target).__name__}, no network: {REMEDY}")
    entry = Architecture(
        origin.label,
        "named",
        partial(_call, resolved),
        description=first_line(target),
        source=text,
        module=str(getattr(target, "__module__", "")),
    )
    return entry, resolved.facts


def _call(resolved: Resolved, input_shape: Shape, num_classes: int) -> nn.Module:
    network = call_with(resolved, offers_of(input_shape, num_classes))
    if not isinstance(network, nn.Module):
        raise OriginError(f"'{resolved.text}' gives {type(network).__name__}, no torch.nn.Module: return the network")
    return network
