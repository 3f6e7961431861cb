"""The flags of the commands that say why something is slow: profile, explain and tensorboard. Needs no numbers."""

import argparse
from collections.abc import Callable
from typing import Any

from bench.plan.plan import options_of

# It trains nothing, measures each cell once, and takes the architectures by position.
PROFILED = tuple(
    name
    for name in options_of("suite", "axis", "measuring", "patience", "session", "where", "name")
    if name != "architectures"
)


def add_commands(commands: Any, add_settings: Callable[..., None]) -> None:
    """Add all three to the subparsers."""
    _add_profile(commands.add_parser("profile", help="where the time of single cells goes", allow_abbrev=False))
    add_settings(commands.choices["profile"], PROFILED)
    _add_explain(commands.add_parser("explain", help="why one cell or run is slower than another", allow_abbrev=False))
    _add_tensorboard(commands.add_parser("tensorboard", help="a run's traces and curves", allow_abbrev=False))


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("architectures", nargs="+", metavar="ARCHITECTURE", help="architectures, globs allowed")
    parser.add_argument("--concurrent", action="store_true", help="profile although a run is measuring here")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout: every part of every profile")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("one", help="a cell (architecture, id or glob), a run, or a git revision that has a run")
    parser.add_argument("other", help="another of the same kind")
    parser.add_argument("--run", help="the run whose cells are meant (default: the latest)")
    parser.add_argument("--cell", metavar="GLOB", help="of two runs or revisions, the cells to explain (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout: every part and count")


def _add_tensorboard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", help="the run (default: the latest)")
    parser.add_argument("--port", type=int, default=6006, metavar="N", help="0: any that is free (default: 6006)")
