"""Checkpoint: what the file holds, and whether its model still scores what was recorded."""

import argparse
import json
from pathlib import Path

from bench.errors import EXIT_PASS, EXIT_REGRESSION, BenchError
from bench.process.executor import open_executor
from bench.process.messages import Scores, Verification
from bench.session.requests import ask_verification
from bench.text import PERCENT, plural, quantity


def show_checkpoint(args: argparse.Namespace) -> int:
    """Print what the file `args.name` holds, and evaluate its model again; 1 where it does not score the same.

    Raises:
        BenchError: no file is named, a flag does not go with it, or it or its data set cannot be read.

    """
    if not args.name:
        raise BenchError("name a file: python -m bench show checkpoint results/RUN/checkpoints/CELL.pt")
    if args.csv or args.dataset:
        extra = "--csv" if args.csv else "--dataset"
        raise BenchError(f"{extra} does not go with a checkpoint: leave it out")
    verification = ask_verification(open_executor(), Path(args.name), args.data_dir or "")
    if args.json:
        print(json.dumps(verification, allow_nan=False))
    else:
        _print(verification)
    return EXIT_PASS if verification["again"]["same"] else EXIT_REGRESSION


def _print(facts: Verification) -> None:
    entry, again = facts["entry"], facts["again"]
    shape = "x".join(map(str, facts["input_shape"]))
    print(f"{facts['id']}: {facts['parameters']:,} parameters, input {shape}, {facts['num_classes']} classes")
    steps = plural(entry["steps"], "step")
    print(f"weights after epoch {entry['epoch']:g}, {steps}, {entry['seconds']:.1f} s of training")
    if not facts["verified"]:
        print("unverified: an older file, which has no digest that would tell damage")
    recorded, now = (quantity(score["test_accuracy"], PERCENT) for score in (entry, again))
    print(f"test accuracy {recorded} as recorded, {now} now on {plural(again['images'], 'image')}: {_verdict(again)}")


def _verdict(again: Scores) -> str:
    if not again["apart"]:
        return "the same"
    difference = f"{abs(again['apart']):,} {'more' if again['apart'] > 0 else 'fewer'} right"
    if again["same"]:
        return f"the same but for rounding elsewhere ({difference}, up to {again['allowed']} may be)"
    return f"NOT the same ({difference}; {again['allowed'] or 'none'} may differ)"
