"""Layers: an architecture as a table of its layers, with shapes, parameters and FLOPs."""

import csv
import sys

from bench.cli.render.columns import Row, print_table
from bench.cli.render.document import print_document
from bench.process.messages import Layer, Layers
from bench.text import quantity

COLUMNS = ("layer", "kind", "output_shape", "parameters", "flops", "arguments")


def print_layers(layers: Layers, *, as_json: bool, as_csv: bool) -> None:
    """Print the layers, a row each, and their sums."""
    if as_json:
        print_document(layers)
    elif as_csv:
        rows = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows({**line, "output_shape": _shape(line["output_shape"])} for line in layers["layers"])
    else:
        _print(layers)


def _print(layers: Layers) -> None:
    source = f" ({layers['source']})" if layers["source"] else ""
    print(f"{layers['name']}, family {layers['family']}: {layers['description']}{source}")
    print(f"input {_shape(layers['input_shape'])}, {layers['num_classes']} classes\n")
    print_table([_row(line) for line in layers["layers"]])
    print(f"\n{layers['parameters']:,} parameters, {quantity(layers['flops'], 'FLOP')} a forward pass of one image")
    print("FLOPs are those of convolutions, matrix products and attention, two for each multiply-add")


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
