"""The command `report`: the HTML page of a recorded run."""

import argparse

from bench.cli.render.named_run import named_run
from bench.report import write


def execute(args: argparse.Namespace) -> int:
    """Write the page and print its path."""
    print(write(named_run(args.run)))
    return 0
