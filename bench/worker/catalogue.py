"""The catalogue, filled in: what is registered or named, and what this machine can do, as plain data."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch

import architectures
from bench import data, losses, models, optimizers
from bench.devices import available, open_device
from bench.errors import BenchError
from bench.machine.system import usable_cores
from bench.measure.flops import flop_counter
from bench.plan.catalogue import Catalogue
from bench.plan.origin import labels_of, parse
from bench.plan.task import CatalogueRequest
from bench.process.channel import Channel


def describe(request: CatalogueRequest, channel: Channel) -> None:
    """Send the catalogue, or why it is refused: something that was asked for cannot be had.

    Touches CUDA, so it runs in a worker of its own.
    """
    try:
        for name in request.datasets:
            data.check(name, _place(request), download=request.download)
        channel.send("catalogue", catalogue_of(request))
    except BenchError as error:
        channel.send("refused", str(error))


def catalogue_of(request: CatalogueRequest) -> Catalogue:
    """Everything registered, and what the request names by its origin, each under its label.

    Architectures that it asks for have counts and the data sets they cannot take.

    Raises:
        BenchError: an origin names nothing that can be used.

    """
    devices, place = available(), _place(request)
    nets = _entries(request.architectures, architectures.names())
    globs = request.architectures
    wanted = {name for name, text in nets.items() if parse(text) or any(fnmatchcase(name, glob) for glob in globs)}
    sets = _entries(request.datasets, data.names())
    wanted_sets = {label: text for label, text in sets.items() if text in request.datasets}
    images = {label: {**data.facts_of(text, place), "name": label} for label, text in wanted_sets.items()}
    return Catalogue(
        architectures={
            name: _facts(name, text) | (_counts(text) | _incompatible(text, images) if name in wanted else {})
            for name, text in nets.items()
        },
        optimizers={
            name: _optimizer(name, text, devices)
            for name, text in _entries(request.optimizers, optimizers.names()).items()
        },
        datasets={name: images.get(name) or data.outline_of(text) for name, text in sets.items()},
        losses={name: losses.facts_of(text) for name, text in _entries(request.losses, losses.names()).items()},
        normalizations=tuple(data.NORMALIZATIONS),
        devices=devices,
        usable_cores=usable_cores(),
        problems=(*architectures.plugin_problems(), *data.plugin_problems()),
    )


def _place(request: CatalogueRequest) -> Path | None:
    return Path(request.data_dir) if request.data_dir else None


def _entries(texts: Sequence[str], registered: Sequence[str]) -> dict[str, str]:
    """The name of each entry, and what to build it from: itself, or the origin that the label stands for."""
    named = {label: text for text, label in labels_of(texts, registered).items()}
    shapes = {text: text for text in texts if text.startswith("synthetic:")}
    return {**{name: name for name in registered}, **shapes, **named}


def _origin(text: str, facts_of: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return {"origin": facts_of(text)} if parse(text) else {}


def _facts(name: str, text: str) -> dict[str, Any]:
    entry = models.get(text)
    return {
        "name": name,
        "family": entry.family,
        "module": getattr(entry.build, "__module__", ""),
        "input_shape": list(entry.input_shape),
        "num_classes": entry.num_classes,
        "description": entry.description,
        "source": entry.source,
        **_origin(text, models.origin_facts),
    }


def _counts(text: str) -> dict[str, int]:
    """Parameters and FLOPs of one image at the architecture's own shape, counted on the meta device."""
    entry = models.get(text)
    try:
        with torch.device("meta"):
            model = models.build(text).eval()  # outside the counter: building tries the model once
            with flop_counter() as counter:
                model(torch.empty(1, *entry.input_shape))
    except Exception:  # a plug-in's network may need real tensors, or be faulty: measuring it will say so
        return {}
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "flops_forward": counter.get_total_flops(),
    }


def _incompatible(text: str, images: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Why the architecture cannot take the images of each of the data sets that it cannot: tried on the meta device.

    Raises:
        BenchError: it is named by its origin and takes none of them.

    """
    entry, reasons = models.get(text), {}
    for label, facts in images.items():
        channels, height, width = facts["input_shape"]
        if (channels, height, width) == entry.input_shape and not parse(text):
            continue
        try:
            with torch.device("meta"):
                models.build(text, (channels, height, width), facts["num_classes"])
        except architectures.ShapeError as error:
            reasons[label] = str(error)
        except BenchError:
            raise
        except Exception:  # noqa: S112 - as for its counts
            continue
    if parse(text) and images and len(reasons) == len(images):
        raise BenchError(next(iter(reasons.values())))
    return {"incompatible": reasons}


def _optimizer(name: str, text: str, devices: Iterable[str]) -> dict[str, Any]:
    spec = optimizers.get(text)
    return {
        "name": name,
        "description": spec.description,
        "learning_rate": spec.learning_rate,
        "implementations": ["default", *spec.implementations],
        "unsupported": {
            device: {
                implementation: reason
                for implementation in spec.implementations
                if (reason := optimizers.unsupported(text, implementation, open_device(device).torch_device))
            }
            for device in devices
        },
        "needs_closure": spec.needs_closure,
        **_origin(text, optimizers.origin_facts),
    }
