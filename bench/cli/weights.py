"""Weights: a checkpoint, what it is of, and whether it still scores what was recorded."""

import argparse
import json
from pathlib import Path

from bench.errors import BenchError
from bench.execute.worker import Workers

AGREE = 0.001  # accuracies this near are the same: another machine rounds differently


def show_checkpoint(given: argparse.Namespace) -> int:
    """Print what the file `given.name` holds, and evaluate its model again.

    Raises:
        BenchError: no file is named, or it or its data set cannot be read.

    """
    if not given.name:
        raise BenchError("name a file: python -m bench show checkpoint results/RUN/checkpoints/CELL.pt")
    found = Workers().review(str(Path(given.name).absolute()))
    if given.json:
        print(json.dumps(found))
        return 0
    entry, again = found["entry"], found["again"]
    shape = "x".join(map(str, found["input_shape"]))
    print(f"{found['id']}: {found['parameters']:,} parameters, input {shape}, {found['num_classes']} classes")
    print(f"weights after epoch {entry['epoch']:g}, {entry['steps']:,} steps, {entry['seconds']:.1f} s of training")
    same = "the same" if abs(again["test_accuracy"] - entry["test_accuracy"]) <= AGREE else "NOT the same"
    print(
        f"test accuracy {entry['test_accuracy']:.2%} as recorded, {again['test_accuracy']:.2%} now on "
        f"{again['images']:,} images: {same}"
    )
    return 0
