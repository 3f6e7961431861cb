"""The flags of commands that measure: whether one may do so beside another run, and how long it waits for its turn."""

import argparse
from math import inf

from bench.plan.plan import seconds_of


def add_turn(parser: argparse.ArgumentParser) -> None:
    """What to do while another run is measuring on this machine."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--concurrent", action="store_true", help="measure although another run is measuring on this machine"
    )
    group.add_argument(
        "--wait",
        nargs="?",
        type=_limit,
        default=0.0,
        const=inf,
        metavar="TIME",
        help="wait for the end of a run that is measuring on this machine, this long at most, such as 10m (default: "
        "as long as it takes); no part of the budget",
    )


def _limit(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"--wait takes a duration such as 90s, 5m or 1h, not '{text}'") from error
