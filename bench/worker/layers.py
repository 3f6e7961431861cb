"""Layers: those of one architecture in the order they run, each with its shape, parameters and FLOPs."""

from typing import Any

import torch
from torch import Tensor, nn

import architectures
from architectures import ShapeError
from bench import data, models
from bench.errors import BenchError, reason_of, unknown
from bench.measure.flops import flop_counter
from bench.plan.origin import code_in_words, parse
from bench.plan.task import LayersRequest
from bench.process.channel import Channel
from bench.process.messages import Layer, Layers

APART = "(outside the layers)"  # a line for what a network computes or keeps in no layer of its own


def describe_layers(request: LayersRequest, channel: Channel) -> None:
    """Send the layers, or why it is refused: there is no such architecture or data set.

    Parameters that an earlier layer has counted count 0.
    """
    try:
        channel.send("layers", _facts(request))
    except (BenchError, ShapeError) as error:
        channel.send("refused", str(error))


def _facts(request: LayersRequest) -> Layers:
    name = request.architecture
    if parse(name) is None and name not in architectures.names():
        raise unknown("architecture", name, architectures.names(), "list architectures")
    entry = models.get(name) if request.dataset else models.own(name)
    images = data.facts_of(request.dataset) if request.dataset else {}
    shape = tuple(images.get("input_shape", entry.input_shape))
    classes = images.get("num_classes", entry.num_classes)
    layers, flops, parameters = _layers(name, shape, classes)
    return {
        "name": entry.name,
        "family": entry.family,
        "description": entry.description or name,
        "source": code_in_words(models.origin_facts(name)) if parse(name) else entry.source,
        "input_shape": list(shape),
        "num_classes": classes,
        "parameters": parameters,
        "flops": flops,
        "layers": layers,
    }


def _layers(name: str, shape: tuple[int, int, int], classes: int) -> tuple[list[Layer], int, int]:
    """The lines of all layers, with the FLOPs and the parameters of the whole network."""
    try:
        network, lines, flops = _traced("meta", name, shape, classes)
    except ShapeError:
        raise
    except BaseException:  # a plug-in's network may need real tensors
        try:
            network, lines, flops = _traced("cpu", name, shape, classes)
        except BaseException as error:  # a plug-in may raise anything
            raise BenchError(f"'{name}' cannot be run: {reason_of(error)}") from error
    parameters = sum(parameter.numel() for parameter in network.parameters())
    rest: Layer = {
        "layer": APART,
        "kind": "",
        "arguments": "",
        "output_shape": None,
        "parameters": parameters - sum(line["parameters"] for line in lines),
        "flops": flops - sum(line["flops"] for line in lines),
    }
    if rest["parameters"] or rest["flops"]:
        lines.append(rest)
    return lines, flops, parameters


def _traced(device: str, name: str, shape: tuple[int, int, int], classes: int) -> tuple[nn.Module, list[Layer], int]:
    """One image sent through the network, on a device where nothing need be computed; a line for each layer called."""
    lines: list[Layer] = []
    seen: set[int] = set()
    with torch.device(device), torch.no_grad():
        network = models.build(name, shape, classes).eval()
        counter = flop_counter()

        def enter(path: str, layer: nn.Module) -> None:
            before = [0]  # FLOPs when the layer begins

            def begin(*_: Any) -> None:
                before[0] = counter.get_total_flops()

            def end(_layer: nn.Module, _inputs: Any, output: Any) -> None:
                fresh = [parameter for parameter in layer.parameters() if id(parameter) not in seen]
                seen.update(map(id, fresh))
                lines.append(
                    {
                        "layer": path,
                        "kind": type(layer).__name__,
                        "arguments": layer.extra_repr(),
                        "output_shape": list(output.shape[1:]) if isinstance(output, Tensor) else None,
                        "parameters": sum(parameter.numel() for parameter in fresh),
                        "flops": counter.get_total_flops() - before[0],
                    }
                )

            layer.register_forward_pre_hook(begin)
            layer.register_forward_hook(end)

        for path, module in network.named_modules():
            if not any(True for _ in module.children()):
                enter(path or APART, module)
        with counter:
            network(torch.zeros(1, *shape))
    return network, lines, counter.get_total_flops()
