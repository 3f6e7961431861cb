"""Weights: a checkpoint, what it is of, and whether it still scores what was recorded."""

import argparse
import json
from pathlib import Path

from bench.errors import EXIT_PASS, EXIT_REGRESSION, BenchError
from bench.process.executor import open_executor
from bench.process.messages import Scores, Verification
from bench.session.requests import ask_verification
from bench.text import PERCENT, quantity


def show_checkpoint(given: argparse.Namespace) -> int:
    """Print what the file `given.name` holds, and evaluate its model again; 1 where it does not score the same.

    Raises:
        BenchError: no file is named, a flag does not go with it, or it or its data set cannot be read.

    """
    if not given.name:
        raise BenchError("name a file: python -m bench show checkpoint results/RUN/checkpoints/CELL.pt")
    if given.csv or given.dataset:
        extra = "--csv" if given.csv else "--dataset"
        raise BenchError(f"{extra} does not go with a checkpoint: leave it out")
    found = ask_verification(open_executor(), Path(given.name), given.data_dir or "")
    if given.json:
        print(json.dumps(found, allow_nan=False))
    else:
        _print(found)
    return EXIT_PASS if found["again"]["same"] else EXIT_REGRESSION


def _print(found: Verification) -> None:
    entry, again = found["entry"], found["again"]
    shape = "x".join(map(str, found["input_shape"]))
    print(f"{found['id']}: {found['parameters']:,} parameters, input {shape}, {found['num_classes']} classes")
    print(f"weights after epoch {entry['epoch']:g}, {entry['steps']:,} steps, {entry['seconds']:.1f} s of training")
    if not found["verified"]:
        print("unverified: an older file, which has no digest that would tell damage")
    recorded, now = (quantity(score["test_accuracy"], PERCENT) for score in (entry, again))
    print(f"test accuracy {recorded} as recorded, {now} now on {again['images']:,} images: {_verdict(again)}")


def _verdict(again: Scores) -> str:
    if not again["apart"]:
        return "the same"
    told = f"{abs(again['apart']):,} {'more' if again['apart'] > 0 else 'fewer'} right"
    if again["same"]:
        return f"the same but for rounding elsewhere ({told}, up to {again['allowed']} may be)"
    return f"NOT the same ({told}; {again['allowed'] or 'none'} may differ)"
