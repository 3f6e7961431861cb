"""Layers: an architecture as a table of its layers, with shapes, parameters and FLOPs."""

import argparse
import csv
import json
import sys
from typing import Any

from bench.cli.render.tables import Row, print_table, si
from bench.errors import BenchError
from bench.plan.catalogue import Specimen
from bench.process.worker import Workers

COLUMNS = ("layer", "kind", "output_shape", "parameters", "flops", "settings")


def show_architecture(given: argparse.Namespace) -> int:
    """Print the layers of the architecture `given.name`, for the data set `given.dataset` where there is one.

    Raises:
        BenchError: no name is given, a flag does not go with it, there is no such architecture or data set, or they do
            not fit.

    """
    if not given.name:
        raise BenchError("name an architecture: python -m bench show architecture NAME (list architectures)")
    if given.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    anatomy = Workers().anatomy(Specimen(given.name, given.dataset or ""))
    if given.json:
        print(json.dumps(anatomy))
    elif given.csv:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(
            [_shape(line[key]) if key == "output_shape" else line[key] for key in COLUMNS] for line in anatomy["layers"]
        )
    else:
        _print(anatomy)
    return 0


def _print(anatomy: dict[str, Any]) -> None:
    source = f" ({anatomy['source']})" if anatomy["source"] else ""
    print(f"{anatomy['name']}, family {anatomy['family']}: {anatomy['description']}{source}")
    print(f"input {_shape(anatomy['input_shape'])}, {anatomy['num_classes']} classes\n")
    print_table([_row(line) for line in anatomy["layers"]])
    print(f"\n{anatomy['parameters']:,} parameters, {si(anatomy['flops'], 'FLOP')} a forward pass of one image")
    print("FLOPs are those of convolutions and matrix products, two for each multiplication and addition")


def _row(line: dict[str, Any]) -> Row:
    return {
        "layer": line["layer"],
        "kind": line["kind"],
        "output": _shape(line["output_shape"]),
        "parameters": f"{line['parameters']:,}" if line["parameters"] else "-",
        "FLOPs": si(line["flops"], "") if line["flops"] else "-",
        "settings": line["settings"],
    }


def _shape(sizes: list[int] | None) -> str:
    return "-" if sizes is None else "x".join(map(str, sizes))
