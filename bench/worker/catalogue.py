"""The catalogue, filled in: what is registered or named, and what this machine can do, as plain data."""

import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

import architectures
from bench import data, losses, models, optimizers
from bench.devices import DEVICES, available, open_device
from bench.errors import BenchError
from bench.machine.system import usable_cores
from bench.origins.attempts import attempting, attempts_told
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.matching import matches_any
from bench.plan.origin import INSTALLED, labels_of, parse
from bench.plan.task import CatalogueRequest
from bench.process.channel import Channel
from bench.worker.energy import why_none
from bench.worker.network_facts import counts_of, own_form, unfit_for


def describe(request: CatalogueRequest, channel: Channel) -> None:
    """Send the catalogue, or why it is refused: something that was asked for cannot be had.

    Touches CUDA, so it runs in a worker of its own.
    """
    try:
        with attempts_told(partial(channel.send, "trying"), request.left_out):
            for name in request.datasets:
                with named(name):
                    data.check(name, _place(request), download=request.download)
            channel.send("catalogue", catalogue_of(request))
    except BenchError as error:
        channel.send("refused", str(error))


def named(text: str) -> AbstractContextManager[None]:
    """The block runs what the text names; where that is code of others it is told beforehand (`attempting`)."""
    return attempting(text, f"'{text}': ") if parse(text) else nullcontext()


def catalogue_of(request: CatalogueRequest) -> Catalogue:
    """Everything registered, and what the request names by its origin, each under its label.

    Architectures that it asks for have counts and the data sets they cannot take.

    Raises:
        BenchError: an origin names nothing that can be used.

    """
    devices, place = _devices(request), _place(request)
    tried = _tried(devices, request.devices)
    images_of = {text: _images(text, place) for text in request.datasets}
    classes = [facts["num_classes"] for facts in images_of.values()]
    broken = architectures.plugins_left_out()
    problems = [
        *map(str, broken),
        *optimizers.plugin_problems(_places(tried)),  # before their names, of which those that fail are left out
        *losses.plugin_problems(classes),
        *data.plugin_problems(),
    ]
    nets = _entries(request.architectures, architectures.names())
    problems += [_lost(text, ending) for text, ending in request.left_out.items() if text in nets.values()]
    globs = request.architectures
    wanted = {name for name, text in nets.items() if parse(text) or matches_any(name, globs)}
    sets = _entries(request.datasets, data.names())
    images = {label: {**images_of[text], "name": label} for label, text in sets.items() if text in images_of}
    return Catalogue(
        architectures={name: _architecture(name, text, name in wanted, images, request) for name, text in nets.items()},
        optimizers={
            name: _optimizer(name, text, tried)
            for name, text in _entries(request.optimizers, optimizers.names()).items()
        },
        datasets={name: images.get(name) or data.outline_of(text) for name, text in sets.items()},
        losses={name: _loss(text, classes) for name, text in _entries(request.losses, losses.names()).items()},
        normalizations=tuple(data.NORMALIZATIONS),
        devices=devices,
        usable_cores=usable_cores(),
        problems=tuple(problems),
        broken=tuple(map(asdict, broken)),
        imported=tuple(_imported()),
        left_out=dict(request.left_out),
        absent={kind: why for kind, device in DEVICES.items() if (why := device.absence())},
    )


def _devices(request: CatalogueRequest) -> dict[str, DeviceFacts]:
    """Each usable device; those that optimizers are tried on with why their energy cannot be told, if asked for."""
    devices = available()
    for name in _tried(devices, request.devices) if request.energy else ():
        if reason := why_none(open_device(name)):
            facts = devices[name]
            devices[name] = replace(facts, unsupported={**facts.unsupported, "energy": reason})
    return devices


def _images(text: str, place: Path | None) -> dict[str, Any]:
    with named(text):
        return data.facts_of(text, place)


def _loss(text: str, classes: Sequence[int]) -> dict[str, Any]:
    with named(text):
        return losses.facts_of(text, classes)


def _imported() -> list[str]:
    """The Python files of this process's modules outside the suite, Python itself and what is installed."""
    suite = {"bench", "architectures"}
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] not in suite]
    paths = {Path(file) for module in modules if isinstance(file := getattr(module, "__file__", None), str)}
    standard = Path(sysconfig.get_path("stdlib"))
    own = (path for path in paths if not path.is_relative_to(standard) and not {*INSTALLED} & {*path.parts})
    return sorted(str(path) for path in own if path.is_absolute() and path.is_file())  # torch has some that are not


def _place(request: CatalogueRequest) -> Path | None:
    return Path(request.data_dir) if request.data_dir else None


def _entries(texts: Sequence[str], registered: Sequence[str]) -> dict[str, str]:
    """The name of each entry, and what to build it from: itself, or the origin that the label stands for."""
    named = {label: text for text, label in labels_of(texts, registered).items()}
    shapes = {text: text for text in texts if text.startswith("synthetic:")}
    return {**{name: name for name in registered}, **shapes, **named}


def _code(text: str, entry: architectures.Architecture) -> dict[str, Any]:
    """Which code an architecture is of; nothing of the suite's own."""
    if parse(text):
        return {"origin": models.origin_facts(text)}
    plugin = models.plugin_facts(entry)
    return {"plugin": plugin} if plugin else {}


def _architecture(
    name: str, text: str, wanted: bool, images: dict[str, dict[str, Any]], request: CatalogueRequest
) -> dict[str, Any]:
    """What is known of an architecture; of one that is wanted its counts too, and what it cannot do.

    Raises:
        BenchError: it is named by its origin and takes the images of none of the data sets.

    """
    if text in request.left_out:
        return _unknown(name, text, images, _lost(text, request.left_out[text]))
    if not wanted:
        return _facts(name, text, models.get(text))
    with attempting(text) if models.is_own(text) else nullcontext():
        unfit = unfit_for(text, images, request.batch_sizes)
        if parse(text) and images and len(unfit["incompatible"]) == len(images):
            raise BenchError(next(iter(unfit["incompatible"].values())))
        entry = own_form(text, [facts for label, facts in images.items() if label not in unfit["incompatible"]])
        return {**_facts(name, text, entry), **counts_of(text, entry), **unfit}


def _unknown(name: str, text: str, datasets: Iterable[str], trouble: str) -> dict[str, Any]:
    """What is said of a network that ended the process that tried it: nothing is known, and nothing can be measured."""
    facts = dict.fromkeys(("family", "module", "description", "source"), "")
    code = {"origin": {"text": text}} if parse(text) else {}
    known = {"input_shape": [], "num_classes": 0, "incompatible": dict.fromkeys(datasets, trouble), "trouble": trouble}
    return {"name": name, **facts, **known, **code}


def _lost(text: str, ending: str) -> str:
    return f"'{text}': the process that tried it did not go on: {ending}"


def _facts(name: str, text: str, entry: architectures.Architecture) -> dict[str, Any]:
    return {
        "name": name,
        "family": entry.family,
        "module": entry.module,
        "input_shape": list(entry.input_shape),
        "num_classes": entry.num_classes,
        "description": entry.description,
        "source": entry.source,
        "registered_by": entry.package,
        **_code(text, entry),
    }


def _optimizer(name: str, text: str, devices: Iterable[str]) -> dict[str, Any]:
    with named(text):
        facts = optimizers.facts_of(text, _places(devices))
        unsupported = {
            device: {
                implementation: reason
                for implementation in optimizers.get(text).implementations
                if (reason := optimizers.unsupported(text, implementation, open_device(device).torch_device))
            }
            for device in devices
        }
    return {"name": name, **facts, "unsupported": unsupported}


def _tried(devices: Mapping[str, DeviceFacts], asked: Sequence[str]) -> list[str]:
    """The devices on which optimizers are tried: the host, and those asked for, of a kind the first."""
    firsts: dict[str, str] = {}
    for name, facts in devices.items():
        firsts.setdefault(facts.kind, name)
    wanted = {firsts.get(name, name) for name in asked}
    return [name for name, facts in devices.items() if facts.on_host or name in wanted]


def _places(devices: Iterable[str]) -> tuple[torch.device, ...]:
    return tuple(open_device(device).torch_device for device in devices)
