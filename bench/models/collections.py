"""Collections: the networks of timm and torchvision by their names there, without trained weights."""

from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from typing import Any

from torch import nn

from architectures import Architecture
from architectures.shapes import Shape
from architectures.zoo import torchvision_network
from bench.errors import BenchError, nearest
from bench.origins import resolve
from bench.plan.origin import Origin


def _timm(text: str, origin: Origin) -> tuple[Architecture, dict[str, Any]]:
    if find_spec("timm") is None:
        raise BenchError(f"'{text}' needs timm, which is not installed: pip install timm")
    import timm  # noqa: PLC0415 - an extra

    options = _options(text, origin)
    if not timm.is_model(origin.name):
        raise _unknown(text, origin, timm.list_models())
    settings = timm.get_pretrained_cfg(origin.name)
    channels, height, width = settings.input_size if settings else (3, 224, 224)

    def build(input_shape: Shape, num_classes: int) -> nn.Module:
        wanted = {"num_classes": num_classes, "in_chans": input_shape[0], **options}
        try:
            network: nn.Module = timm.create_model(origin.name, **{"img_size": input_shape[1:], **wanted})
        except TypeError:  # it takes images of any size, and none of these arguments
            network = timm.create_model(origin.name, **wanted)
        return network

    facts = {**resolve("timm:create_model").facts, "text": text}
    return Architecture(origin.label, "timm", build, (channels, height, width), source=text), facts


def _torchvision(text: str, origin: Origin) -> tuple[Architecture, dict[str, Any]]:
    from torchvision import models  # noqa: PLC0415 - it takes a second

    if origin.name not in models.list_models():
        raise _unknown(text, origin, models.list_models())
    build = partial(torchvision_network, origin.name, **_options(text, origin))
    facts = {**resolve("torchvision.models:get_model").facts, "text": text}
    return Architecture(origin.label, "torchvision", build, (3, 224, 224), source=text), facts


def _options(text: str, origin: Origin) -> dict[str, Any]:
    placed, options = origin.call_arguments()
    if placed:
        raise BenchError(f"'{text}': give {origin.source}'s networks arguments by name, such as (num_classes=10)")
    return options


def _unknown(text: str, origin: Origin, known: Iterable[str]) -> BenchError:
    near = nearest(origin.name, known)
    hint = f": did you mean '{origin.source}:{near}'?" if near else ": see its own list of models"
    return BenchError(f"'{text}': {origin.source} has no network of that name{hint}")


COLLECTIONS: dict[str, Callable[[str, Origin], tuple[Architecture, dict[str, Any]]]] = {
    "timm": _timm,
    "torchvision": _torchvision,
}
