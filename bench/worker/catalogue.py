"""The catalogue, filled in: what is registered and what this machine can do, as plain data."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch

import architectures
from bench import data, optimizers
from bench.devices import available, open_device
from bench.errors import BenchError
from bench.machine.system import usable_cores
from bench.measure.flops import flop_counter
from bench.plan.catalogue import Catalogue
from bench.plan.task import CatalogueRequest
from bench.process.channel import Channel


def describe(request: CatalogueRequest, channel: Channel) -> None:
    """Send the catalogue, or why it is refused: a data set asked for cannot be loaded.

    Touches CUDA, so it runs in a worker of its own.
    """
    try:
        for name in request.datasets:
            data.check(name, Path(request.data_dir) if request.data_dir else None, download=request.download)
    except BenchError as error:
        channel.send("refused", str(error))
    else:
        channel.send("catalogue", catalogue_of(request.architectures, request.datasets))


def catalogue_of(globs: Sequence[str], datasets: Sequence[str] = ()) -> Catalogue:
    """Everything registered; architectures that match any of `globs` with counts and the data sets they cannot take."""
    wanted = [name for name in architectures.names() if any(fnmatchcase(name, glob) for glob in globs)]
    devices = available()
    return Catalogue(
        architectures={
            name: _facts(name) | (_counts(name) | _incompatible(name, datasets) if name in wanted else {})
            for name in architectures.names()
        },
        optimizers={name: _optimizer(name, devices) for name in optimizers.names()},
        datasets={facts["name"]: facts for facts in data.describe()},
        normalizations=tuple(data.NORMALIZATIONS),
        devices=devices,
        usable_cores=usable_cores(),
        problems=tuple(architectures.plugin_problems()),
    )


def _facts(name: str) -> dict[str, Any]:
    entry = architectures.get(name)
    return {
        "name": name,
        "family": entry.family,
        "module": entry.build.__module__,
        "input_shape": list(entry.input_shape),
        "num_classes": entry.num_classes,
        "description": entry.description,
        "source": entry.source,
    }


def _counts(name: str) -> dict[str, int]:
    """Parameters and FLOPs of one image at the architecture's own shape, counted on the meta device."""
    entry = architectures.get(name)
    try:
        with torch.device("meta"):
            model = architectures.build(name).eval()  # outside the counter: building tries the model once
            with flop_counter() as counter:
                model(torch.empty(1, *entry.input_shape))
    except Exception:  # a plug-in's network may need real tensors, or be faulty: measuring it will say so
        return {}
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "flops_forward": counter.get_total_flops(),
    }


def _incompatible(name: str, datasets: Sequence[str]) -> dict[str, dict[str, str]]:
    """Why the architecture cannot take the images of each of the data sets that it cannot: tried on the meta device."""
    entry, reasons = architectures.get(name), {}
    for dataset in datasets:
        facts = data.facts_of(dataset)
        channels, height, width = facts["input_shape"]
        if (channels, height, width) == entry.input_shape:
            continue
        try:
            with torch.device("meta"):
                architectures.build(name, (channels, height, width), facts["num_classes"])
        except architectures.ShapeError as error:
            reasons[dataset] = str(error)
        except Exception:  # noqa: S112 - as for its counts
            continue
    return {"incompatible": reasons}


def _optimizer(name: str, devices: Iterable[str]) -> dict[str, Any]:
    spec = optimizers.get(name)
    return {
        "name": name,
        "description": spec.description,
        "learning_rate": spec.learning_rate,
        "implementations": ["default", *spec.implementations],
        "unsupported": {
            device: {
                implementation: reason
                for implementation in spec.implementations
                if (reason := optimizers.unsupported(name, implementation, open_device(device).torch_device))
            }
            for device in devices
        },
        "needs_closure": spec.needs_closure,
    }
