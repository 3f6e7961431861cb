"""The flags of the commands that compare: ab and calibrate. Needs no numbers, as the parser."""

import argparse
from collections.abc import Callable

from bench.cli.parser.check import add_files
from bench.plan.plan import options_of, share

COMPARED = options_of(
    "suite", "axis", "measuring", "session"
)  # it trains nothing, and has its own rule of when to stop

AddSettings = Callable[..., None]


def add_ab(parser: argparse.ArgumentParser, add_settings: AddSettings) -> None:
    """Whether one thing is slower than another."""
    parser.usage = f"{parser.prog} (REV [REV2] | --cells A B | --env A=NAME=VALUE ...) [options]"
    parser.add_argument("revisions", nargs="*", metavar="REV", help="compare REV with REV2 (default: the working tree)")
    parser.add_argument(
        "--cells", nargs=2, metavar=("A", "B"), help="compare two cells, such as lenet5 lenet5,optimizer=adam"
    )
    parser.add_argument(
        "--env",
        action="append",
        metavar="A=NAME=VALUE",
        help="compare two environments; repeat it for each variable of A or B; without a value it is not set",
    )
    parser.add_argument(
        "--repo",
        default=".",
        metavar="DIR",
        help="the repository (default: this folder's): of this suite, or of a plug-in",
    )
    _add_share(parser, "--tolerance", None, "the slowdown from which on a loss matters (default: 5%%)")
    _add_share(parser, "--inject", 0.0, "make the second side slower by so much, by more work, to see it caught")
    parser.add_argument(
        "--uncalibrated", action="store_true", help="allow a tolerance below the calibrated minimum of this machine"
    )
    parser.add_argument("--recompute", metavar="FILE", help="decide again on the raw numbers of an earlier comparison")
    add_settings(parser, COMPARED, suite="checks")
    _add_output(parser)
    add_files(parser)


def add_calibrate(parser: argparse.ArgumentParser, add_settings: AddSettings) -> None:
    """What the gate finds on this machine."""
    parser.add_argument(
        "--pairs", type=_count, default=15, metavar="N", help="pairs of equal sides of each cell (default: 15)"
    )
    _add_share(parser, "--inject", 0.1, "the slowdown to be caught, made of more work (default: 10%%)")
    parser.add_argument(
        "--runs", type=_count, default=1, metavar="N", help="real comparisons with that slowdown (default: 1)"
    )
    add_settings(parser, COMPARED, suite="checks")
    _add_output(parser)


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"it takes a whole number above 0, not '{text}'")
    return int(text)


def _add_share(parser: argparse.ArgumentParser, name: str, default: float | None, text: str) -> None:
    def read(given: str) -> float:
        try:
            return share(given)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{name} takes a share such as 3% or 0.03, not '{given}'") from error

    parser.add_argument(name, type=read, default=default, metavar="SHARE", help=text)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--concurrent", action="store_true", help="measure although another run is measuring here")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")
