"""Build: a network by the text of its cell, a registered name or an origin, tried on what it is to be given."""

import sys
from dataclasses import replace
from functools import cache, partial
from typing import Any

from torch import nn

import architectures
from architectures import Architecture, RegistryError, ShapeError
from architectures.calling import MissingArguments
from architectures.fitting import materialize
from architectures.shapes import Shape, shown
from bench.errors import is_ctrl_c
from bench.models.named import architecture_of
from bench.models.outputs import keep_first
from bench.models.trial import IMAGES, Trial, tried
from bench.origins import package_of, settings_kept, told_of, trying
from bench.plan.origin import parse

architectures.load_plugins_in(trying)

OWN_SHAPES = ((1, 28, 28), (3, 32, 32), (3, 224, 224))  # tried in this order where nothing says what a network takes


def get(text: str) -> Architecture:
    """The architecture of a registered name, or of an origin.

    Raises:
        RegistryError: no architecture is registered under that name.
        BenchError: the origin names none.

    """
    return _named(text)[0] if parse(text) else architectures.get(text)


@cache
def own(text: str) -> Architecture:
    """As `get`, with the images and classes that it is made for; found out where an origin does not say them.

    Raises:
        ShapeError: it takes none of OWN_SHAPES.
        RegistryError, BenchError: as `get`.

    """
    entry = get(text)
    if not parse(text):
        return entry
    shapes = (entry.input_shape, *(shape for shape in OWN_SHAPES if shape != entry.input_shape))
    for shape in shapes:
        try:
            logits = _trial(text, shape, entry.num_classes, IMAGES).logits
        except ShapeError as error:
            refusal = error
        else:
            return replace(entry, input_shape=shape, num_classes=logits)
    raise refusal


def origin_facts(text: str) -> dict[str, Any]:
    """Which code an origin's network is of (`bench.origins.Resolved.facts`)."""
    return _named(text)[1]


def plugin_facts(entry: Architecture) -> dict[str, Any]:
    """Which code a plug-in's network is of, by package or by file, as that of an origin; {} for the suite's own."""
    module = sys.modules.get(entry.module)
    if module is None or not is_plugin(entry):
        return {}
    entered = entry.source.startswith(f"{entry.module}:")  # a class, under the name of its entry point
    return {"text": entry.source if entered else f"{entry.module}:{entry.name}", **package_of(module)}


def is_plugin(entry: Architecture) -> bool:
    """Whether another package than the suite registered it."""
    return entry.module.partition(".")[0] != architectures.__name__


def is_own(text: str) -> bool:
    """Whether a network is of the user's own: named by its origin, or a plug-in's."""
    return parse(text) is not None or is_plugin(architectures.get(text))


def build(text: str, input_shape: Shape | None = None, num_classes: int | None = None) -> nn.Module:
    """A new network with random weights that gives (N, classes) for images (N, C, H, W).

    What is not given is the architecture's own. It is tried once, and gives the first tensor of several outputs.

    Raises:
        ShapeError: it cannot take such images, or gives something else.
        RegistryError, BenchError: as `get`.

    """
    if not is_own(text):
        return architectures.build(text, input_shape, num_classes)
    entry = get(text) if input_shape and num_classes else own(text)
    shape, classes = input_shape or entry.input_shape, num_classes or entry.num_classes
    trial = trial_of(text, shape, classes)
    with settings_kept():
        network = _built(text, shape, classes)
        materialize(network, shape)
    if trial.wrapped:
        network.register_forward_hook(keep_first)
    return network


def _built(text: str, shape: Shape, classes: int) -> nn.Module:
    """The network of an origin, or of a plug-in: ShapeError for whatever its builder raises."""
    entry = get(text)
    if parse(text):
        return entry.build(shape, classes)
    try:
        network = entry.build(shape, classes)
    except (RegistryError, MissingArguments) as error:
        raise ShapeError(f"'{text}' cannot be built: {error}") from error
    except BaseException as error:
        if is_ctrl_c(error):
            raise
        raise ShapeError(f"'{text}' cannot be built: {told_of(error)}") from error
    if not isinstance(network, nn.Module):
        raise ShapeError(f"'{text}' gives {type(network).__name__}, and no torch.nn.Module")
    return network


def trial_of(text: str, shape: Shape, classes: int) -> Trial:
    """What a network of the user's own gives for such images, tried once in this process.

    Raises:
        ShapeError: it cannot take them, or gives something else than logits of so many classes.

    """
    trial = _trial(text, shape, classes, IMAGES)
    if trial.logits != classes:
        images = shown(shape)
        raise ShapeError(
            f"'{text}' gives {trial.logits} logits for each image of {images}, and there are {classes} classes: give "
            f"it {classes} outputs, or name images of {trial.logits} classes (--input {images}:{trial.logits})"
        )
    return trial


def outputs_of(text: str, shape: Shape, classes: int) -> str:
    """What a network gives where that is several tensors, in words; "" for logits alone."""
    return trial_of(text, shape, classes).outputs if is_own(text) else ""


def trouble_with_one_image(text: str, shape: Shape, classes: int) -> str | None:
    """Why a network cannot train on a batch of one image, such as by batch norm; None where it can."""
    try:
        if is_own(text):
            _trial(text, shape, classes, 1)
        else:
            tried(text, partial(architectures.get(text).build, shape, classes), shape, 1)
    except ShapeError as error:
        cause = " ".join(str(error.__cause__ or error).split())
        return f"'{text}' cannot train on a batch of one image: {cause}; give --batch-sizes of 2 or more"
    return None


@cache
def _trial(text: str, shape: Shape, classes: int, images: int) -> Trial:
    return tried(text, partial(_built, text, shape, classes), shape, images)


@cache
def _named(text: str) -> tuple[Architecture, dict[str, Any]]:
    with settings_kept(random=True):
        return architecture_of(text)
