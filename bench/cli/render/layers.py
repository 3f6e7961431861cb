"""Layers: an architecture as a table of its layers, with shapes, parameters and FLOPs."""

import argparse
import csv
import json
import sys

from bench.cli.render.tables import Row, print_table
from bench.errors import BenchError
from bench.plan.task import LayersRequest
from bench.process.executor import open_executor
from bench.process.messages import Layer, Layers
from bench.session.requests import ask_layers
from bench.text import quantity

COLUMNS = ("layer", "kind", "output_shape", "parameters", "flops", "arguments")


def show_architecture(args: argparse.Namespace) -> int:
    """Print the layers of the architecture `args.name`, for the data set `args.dataset` where there is one.

    Raises:
        BenchError: no name is args, a flag does not go with it, there is no such architecture or data set, or they do
            not fit.

    """
    if not args.name:
        raise BenchError("name an architecture: python -m bench show architecture NAME (list architectures)")
    if args.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    layers = ask_layers(open_executor(), LayersRequest(args.name, args.dataset or ""))
    if args.json:
        print(json.dumps(layers))
    elif args.csv:
        rows = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows({**line, "output_shape": _shape(line["output_shape"])} for line in layers["layers"])
    else:
        _print(layers)
    return 0


def _print(layers: Layers) -> None:
    source = f" ({layers['source']})" if layers["source"] else ""
    print(f"{layers['name']}, family {layers['family']}: {layers['description']}{source}")
    print(f"input {_shape(layers['input_shape'])}, {layers['num_classes']} classes\n")
    print_table([_row(line) for line in layers["layers"]])
    print(f"\n{layers['parameters']:,} parameters, {quantity(layers['flops'], 'FLOP')} a forward pass of one image")
    print("FLOPs are those of convolutions and matrix products, two for each multiplication and addition")


def _row(line: Layer) -> Row:
    return {
        "layer": line["layer"],
        "kind": line["kind"],
        "output": _shape(line["output_shape"]),
        "parameters": f"{line['parameters']:,}" if line["parameters"] else "-",
        "FLOPs": quantity(line["flops"], "FLOP") if line["flops"] else "-",
        "arguments": line["arguments"],
    }


def _shape(sizes: list[int] | None) -> str:
    return "-" if sizes is None else "x".join(map(str, sizes))
