"""The flags of the commands that compare: ab and calibrate. Needs no numbers, as the parser."""

import argparse
from collections.abc import Callable

from bench.cli.parser.check import add_files
from bench.cli.parser.turn import add_turn
from bench.plan.plan import CHECKS, options_of, share

# It trains nothing, and has its own rule of when to stop.
COMPARED = options_of("suite", "axis", "measuring", "session")

AddSettings = Callable[..., None]


def add_ab(parser: argparse.ArgumentParser, add_settings: AddSettings) -> None:
    """`ab`."""
    parser.usage = (
        f"{parser.prog} (REV [REV2] | --cells A B | --steps A B | --env A=NAME=VALUE ... | --python A=PATH B=PATH) "
        "[options]"
    )
    _add_sides(parser)
    _add_share(parser, "--tolerance", None, "smallest slowdown that counts as a regression, such as 3%% (default: 5%%)")
    _add_share(parser, "--inject", 0.0, "slow the second side down by this much, through extra work, to test detection")
    parser.add_argument(
        "--uncalibrated", action="store_true", help="allow a tolerance below the calibrated minimum of this machine"
    )
    parser.add_argument(
        "--same-result",
        action="store_true",
        help="fail (exit 1) where the second side computes something else, beyond float error, in its first steps",
    )
    parser.add_argument(
        "--same-costs",
        action="store_true",
        help="fail (exit 1) where the second side takes more memory at its peak (by 10 %% and 1 MiB at least) or has "
        "higher exact counts (operators, FLOPs, parameters)",
    )
    parser.add_argument(
        "--accept",
        nargs="+",
        action="extend",
        default=[],
        metavar="GLOB",
        help="cells that may be slower or take more, since that is wanted, by id, architecture or glob: it is told, "
        "and does not fail",
    )
    parser.add_argument(
        "--recompute",
        metavar="FILE",
        help="repeat the decision on the stored timings of an earlier comparison; nothing is measured",
    )
    add_settings(parser, COMPARED, suite=CHECKS, threads=(1,))
    _add_output(parser)
    add_files(parser)


def _add_sides(parser: argparse.ArgumentParser) -> None:
    """What can be compared with what."""
    parser.add_argument(
        "revisions",
        nargs="*",
        metavar="REV",
        help="two git revisions, REV before REV2 (default of REV2: the working tree)",
    )
    parser.add_argument(
        "--cells", nargs=2, metavar=("A", "B"), help="compare two cells: their ids, or lenet5 lenet5,optimizer=adam"
    )
    parser.add_argument(
        "--step",
        metavar="STEP",
        help="run a step of your own in place of cells, across revisions of your own repository, settings or "
        "interpreters, such as: my_train.py:make_step, which is the step or sets it up and gives it",
    )
    parser.add_argument(
        "--steps", nargs=2, metavar=("A", "B"), help="compare two such steps, such as: train.py:old train.py:new"
    )
    parser.add_argument(
        "--env",
        action="append",
        metavar="A=NAME=VALUE",
        help="compare two environments: set a variable for side A or B, such as A=OMP_NUM_THREADS=1 (an empty value "
        "unsets it); may be given several times",
    )
    parser.add_argument(
        "--python",
        nargs="+",
        action="extend",
        metavar="A=PATH",
        help="compare two interpreters, each with what is installed for it, such as A=.venv-old/bin/python "
        "B=.venv-new/bin/python (default of the other: the one that runs now)",
    )
    parser.add_argument(
        "--repo",
        default=None,
        metavar="DIR",
        help="a folder of the git repository of the revisions: of this suite, of a package that registers nets, or, "
        "with --step, of any, whose file is found from there (default: the current folder)",
    )


def add_calibrate(parser: argparse.ArgumentParser, add_settings: AddSettings) -> None:
    """`calibrate`."""
    parser.usage = f"{parser.prog} [options]"
    parser.add_argument(
        "--pairs",
        type=count,
        default=15,
        metavar="N",
        help="A/A pairs (the same code on both sides) to measure of each cell (default: 15)",
    )
    _add_share(parser, "--inject", 0.1, "slowdown that ab must detect, made by extra work (default: 10%%)")
    parser.add_argument(
        "--runs", type=count, default=1, metavar="N", help="whole comparisons to run with that slowdown (default: 1)"
    )
    add_settings(parser, COMPARED, suite=CHECKS, threads=(1,))
    _add_output(parser)


def count(text: str) -> int:
    """A whole number above 0."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"it takes a whole number above 0, not '{text}'")
    return int(text)


def _add_share(parser: argparse.ArgumentParser, name: str, default: float | None, text: str) -> None:
    def read(value: str) -> float:
        try:
            return share(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{name} takes a share such as 3% or 0.03, not '{value}'") from error

    parser.add_argument(name, type=read, default=default, metavar="PERCENT", help=text)


def _add_output(parser: argparse.ArgumentParser) -> None:
    add_turn(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")
