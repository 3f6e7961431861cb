"""Named: an architecture out of what a user named: a class or a function of a file or module."""

from functools import partial
from inspect import getdoc
from typing import Any

from torch import nn

from architectures import Architecture
from architectures.shapes import Shape
from bench.models.collections import COLLECTIONS
from bench.origins import OriginError, Resolved, resolve
from bench.origins.offer import Offer, call_with
from bench.plan.origin import parse

SHAPE = ("input_shape", "shape", "in_shape", "image_shape", "input_size")
CLASSES = ("num_classes", "n_classes", "classes", "num_labels", "nclasses")
CHANNELS = ("in_channels", "in_chans", "input_channels", "channels")


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
    if isinstance(resolved.target, nn.Module):
        raise OriginError(f"'{text}' is a network that is built already: name its class, or a function that builds it")
    if not callable(resolved.target):
        raise OriginError(f"'{text}' is {type(resolved.target).__name__}, no network: name a class or a function")
    description = (getdoc(resolved.target) or "").partition("\n")[0]
    return Architecture(
        origin.label, "named", partial(_call, resolved), description=description, source=text
    ), resolved.facts


def _call(resolved: Resolved, input_shape: Shape, num_classes: int) -> nn.Module:
    offers = (
        Offer(input_shape, SHAPE),
        Offer(num_classes, CLASSES),
        Offer(input_shape[0], CHANNELS, by_place=False),
    )
    network = call_with(resolved, offers)
    if not isinstance(network, nn.Module):
        raise OriginError(f"'{resolved.text}' gives {type(network).__name__}, no torch.nn.Module: return the network")
    return network
