"""Fitting: a class or function of networks is called with what it takes of the images' shape and the classes."""

from collections.abc import Callable
from inspect import Parameter, getdoc, isclass, signature
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from architectures.calling import Offer, arguments_of
from architectures.errors import RegistryError, ShapeError
from architectures.shapes import Shape, shown


def offers_of(input_shape: Shape, num_classes: int) -> tuple[Offer, ...]:
    """What a class or function of networks may be called with, by the names that parameters usually have."""
    return (
        Offer(input_shape, ("input_shape", "in_shape", "image_shape", "shape")),
        Offer(num_classes, ("num_classes", "n_classes", "classes", "num_labels", "nclasses"), loose=True),
        Offer(input_shape[0], ("in_channels", "in_chans", "input_channels"), by_place=False),
    )


def fitted(target: Callable[..., Any], input_shape: Shape, num_classes: int) -> nn.Module:
    """The network of a class or function, called with as much as it takes.

    Raises MissingArguments where it needs more, and RegistryError where it gives no network.
    """
    network = arguments_of(target, offers_of(input_shape, num_classes)).call(target)
    if not isinstance(network, nn.Module):
        raise RegistryError(f"it gives {type(network).__name__}, and no torch.nn.Module")
    return network


def materialize(network: nn.Module, input_shape: Shape) -> None:
    """Give the lazy layers of a network their sizes, by two images (N, C, H, W) that train nothing.

    Raises ShapeError where it cannot take them.
    """
    if any(is_lazy(tensor) for tensor in [*network.parameters(), *network.buffers()]):
        try:
            with torch.no_grad():
                network.eval()(torch.zeros(2, *input_shape))
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ShapeError(f"input {shown(input_shape)} does not fit: {reason}") from error
        network.train()


def builds(target: Callable[..., Any]) -> bool:
    """Whether calling it without arguments cannot be what its plug-in means: it is a class, or needs some."""
    if isclass(target):
        return issubclass(target, nn.Module)
    try:
        parameters = signature(target).parameters.values()
    except (ValueError, TypeError):
        return False
    kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return any(each.default is Parameter.empty and each.kind not in kinds for each in parameters)


def first_line(builder: Callable[..., Any]) -> str:
    """Of its docstring; torch's own words on a class say nothing of it."""
    return "" if builder.__doc__ is None else (getdoc(builder) or "").partition("\n")[0]
