"""Collections: the networks of timm and torchvision by their names there, without trained weights."""

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from torch import nn

from architectures import Architecture
from architectures.shapes import Shape
from architectures.zoo import torchvision_network
from bench.errors import nearest
from bench.origins import OriginError, calling, failures, resolve
from bench.plan.origin import Origin

# What torchvision's networks that take images of one size call it, by the beginning of their names.
_SIZED: Mapping[str, Callable[[Shape], dict[str, Any]]] = {
    "vit_": lambda shape: {"image_size": shape[1]},
    "maxvit_": lambda shape: {"input_size": shape[1:]},
}


def _timm(text: str, origin: Origin) -> tuple[Architecture, dict[str, Any]]:
    if find_spec("timm") is None:
        raise OriginError(f"'{text}' needs timm, which is not installed: pip install timm")
    with failures(text, "cannot be had of timm"):
        import timm  # noqa: PLC0415 - an extra

    options = _options(text, origin)
    if not timm.is_model(origin.name):
        raise _unknown(text, origin, timm.list_models())
    settings = timm.get_pretrained_cfg(origin.name)
    own = tuple(settings.input_size) if settings else (3, 224, 224)
    size = options.get("img_size", own[1:])
    height, width = size if isinstance(size, tuple | list) else (size, size)

    def build(input_shape: Shape, num_classes: int) -> nn.Module:
        wanted = {"num_classes": num_classes, "in_chans": input_shape[0], **options}
        with calling(text, (), wanted):
            try:
                network: nn.Module = timm.create_model(origin.name, **{"img_size": input_shape[1:], **wanted})
            except TypeError:  # it takes images of any size, and no such argument
                network = timm.create_model(origin.name, **wanted)
        return network

    shape = (options.get("in_chans", own[0]), height, width)
    classes = options.get("num_classes", settings.num_classes if settings else 1000)
    return _entry(text, origin, build, (shape, classes), resolve("timm:create_model").facts)


def _torchvision(text: str, origin: Origin) -> tuple[Architecture, dict[str, Any]]:
    from torchvision import models  # noqa: PLC0415 - it takes a second

    known = models.list_models(module=models)  # those that classify
    if origin.name not in known:
        raise _unknown(text, origin, known)
    options = _options(text, origin)

    def build(input_shape: Shape, num_classes: int) -> nn.Module:
        sized = (size(input_shape) for begin, size in _SIZED.items() if origin.name.startswith(begin))
        wanted = {**next(sized, {}), **options}
        with calling(text, (), {"num_classes": num_classes, **wanted}):
            return torchvision_network(origin.name, input_shape, num_classes, **wanted)

    side = 299 if origin.name == "inception_v3" else 224
    facts = resolve("torchvision.models:get_model").facts
    return _entry(text, origin, build, ((3, side, side), options.get("num_classes", 1000)), facts)


def _entry(
    text: str,
    origin: Origin,
    build: Callable[[Shape, int], nn.Module],
    own: tuple[Shape, int],
    facts: Mapping[str, Any],
) -> tuple[Architecture, dict[str, Any]]:
    entry = Architecture(origin.label, origin.source, build, *own, source=text, module=origin.source)
    return entry, {**facts, "text": text}


def _options(text: str, origin: Origin) -> dict[str, Any]:
    placed, options = origin.call_arguments()
    if placed:
        raise OriginError(f"'{text}': give {origin.source}'s networks arguments by name, such as (num_classes=10)")
    return options


def _unknown(text: str, origin: Origin, known: Iterable[str]) -> OriginError:
    near = nearest(origin.name, known)
    hint = f": did you mean '{origin.source}:{near}'?" if near else ": see its own list of models"
    return OriginError(f"'{text}': {origin.source} has no network of that name that classifies images{hint}")


COLLECTIONS: dict[str, Callable[[str, Origin], tuple[Architecture, dict[str, Any]]]] = {
    "timm": _timm,
    "torchvision": _torchvision,
}
