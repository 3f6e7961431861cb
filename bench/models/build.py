"""Build: a network by the text of its cell, a registered name or an origin, tried on what it is to be given."""

from functools import cache
from typing import Any

from torch import nn

import architectures
from architectures import Architecture
from architectures.shapes import Shape
from bench.models.named import architecture_of
from bench.plan.origin import parse


def get(text: str) -> Architecture:
    """The architecture of a registered name, or of an origin.

    Raises:
        RegistryError: no architecture is registered under that name.
        BenchError: the origin names none.

    """
    return _named(text)[0] if parse(text) else architectures.get(text)


def origin_facts(text: str) -> dict[str, Any]:
    """Which code an origin's network is of (`bench.origins.Resolved.facts`)."""
    return _named(text)[1]


def build(text: str, input_shape: Shape | None = None, num_classes: int | None = None) -> nn.Module:
    """A new network with random weights that gives (N, classes) for images (N, C, H, W).

    What is not given is the architecture's own. It is tried once on the meta device.

    Raises:
        ShapeError: it cannot take such images, or gives something else.
        RegistryError, BenchError: as `get`.

    """
    return architectures.built(get(text), input_shape, num_classes)


@cache
def _named(text: str) -> tuple[Architecture, dict[str, Any]]:
    return architecture_of(text)
