"""The command `report`: the HTML page of a recorded run."""

import argparse

from bench.report import write
from bench.store import run as store


def execute(args: argparse.Namespace) -> int:
    """Write the page and print its path."""
    print(write(store.load(args.run or store.latest())))
    return 0
