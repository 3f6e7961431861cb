"""The flags of the commands that check recorded runs: baseline and check."""

import argparse

from bench.cli.parser.turn import add_turn
from bench.errors import BenchError
from bench.plan.plan import parse


def add_baseline(parser: argparse.ArgumentParser) -> None:
    """`baseline`, and each of its actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="save|list|show|drop")
    save = actions.add_parser("save", help="accept a run into a baseline", allow_abbrev=False)
    save.add_argument("run", nargs="?", help="the run (default: the latest)")
    save.add_argument("--name", default="main", help="the baseline (default: main)")
    save.add_argument(
        "--contended", action="store_true", help="also accept cells whose cores other work took in every process"
    )
    save.add_argument(
        "--reset", action="store_true", help="hold later runs to this one: it begins a new segment of each of its cells"
    )
    listing = actions.add_parser("list", help="list the baselines", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="one JSON document on stdout")
    show = actions.add_parser("show", help="show what a baseline holds", allow_abbrev=False)
    show.add_argument("name", nargs="?", default="main", help="the baseline (default: main)")
    show.add_argument("--json", action="store_true", help="one JSON document on stdout")
    drop = actions.add_parser("drop", help="remove a baseline, or one run of it", allow_abbrev=False)
    drop.add_argument("name", help="the baseline")
    drop.add_argument("--run", help="the run to remove (default: the whole baseline)")


def add_check(parser: argparse.ArgumentParser) -> None:
    """`check`."""
    parser.add_argument("run", nargs="?", help="the run (default: the latest)")
    parser.add_argument("--baseline", metavar="NAME", default="main", help="what to compare with (default: main)")
    parser.add_argument(
        "--cells", nargs="+", metavar="GLOB", help="only these cells: ids, architectures, or globs of either"
    )
    parser.add_argument(
        "--tolerances", metavar="FILE.toml", help="tolerances and budgets (default: bench.toml, if there)"
    )
    parser.add_argument(
        "--no-ab",
        dest="ab",
        action="store_false",
        help="do not measure or train suspects again (a suspect: a cell that looks slower, or less accurate)",
    )
    parser.add_argument(
        "--repo",
        default=".",
        metavar="DIR",
        help="the git repository with the anchors' revisions (default: the current folder's)",
    )
    parser.add_argument(
        "--budget",
        type=_duration,
        metavar="TIME",
        help="stop measuring or training suspects again after this long, such as 5m",
    )
    parser.add_argument(
        "--uncalibrated", action="store_true", help="allow a tolerance below the calibrated minimum of this machine"
    )
    add_turn(parser)
    add_allow_code(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")
    add_files(parser)


def add_allow_code(parser: argparse.ArgumentParser) -> None:
    """The flag of commands that may run code which a recorded run names."""
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="run the files and modules that the run names though you have not named them here",
    )


def add_files(parser: argparse.ArgumentParser) -> None:
    """What CI reads of a decision."""
    parser.add_argument("--junit", metavar="FILE", help="write the decision as JUnit XML")
    parser.add_argument("--markdown", metavar="FILE", help="write it as a comment for a pull request")


def _duration(text: str) -> object:
    try:
        return parse("budget", text)
    except BenchError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
