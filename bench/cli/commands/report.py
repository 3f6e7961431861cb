"""The command `report`: the HTML page of a recorded run."""

import argparse

from bench.cli.commands.show import latest
from bench.errors import BenchError
from bench.report import write
from bench.store import run as store


def execute(given: argparse.Namespace) -> int:
    """Write the page and print its path."""
    run = store.load(given.run or latest())
    try:
        print(write(run))
    except OSError as error:
        raise BenchError(f"cannot write the report: {error}; free the path, or run from another folder") from error
    return 0
