"""The flags of the commands that say why something is slow: profile, explain, trace, tensorboard. Needs no numbers."""

import argparse
from collections.abc import Callable

from bench.cli.parser.turn import add_turn
from bench.plan.plan import options_of

BLOCKS = 5  # of a profile: enough to set the overhead against; `run` is for numbers that repeat
# It trains nothing, measures each cell once, and takes the architectures by position.
PROFILED = tuple(
    name
    for name in options_of("suite", "axis", "measuring", "patience", "session", "where", "cluster", "name")
    if name != "architectures"
)


def add_profile(parser: argparse.ArgumentParser, add_settings: Callable[..., None]) -> None:
    """`profile`."""
    parser.usage = f"{parser.prog} ARCHITECTURE [ARCHITECTURE ...] [options]"
    parser.add_argument("architectures", nargs="+", metavar="ARCHITECTURE", help="architectures, by name or glob")
    add_turn(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout: every part of every profile")
    add_settings(parser, PROFILED, blocks=BLOCKS)


def add_explain(parser: argparse.ArgumentParser) -> None:
    """`explain`."""
    parser.add_argument(
        "first", metavar="A", help="a cell (architecture, id or glob), a run, or a git revision that has a run"
    )
    parser.add_argument("second", metavar="B", help="what to compare it with, of the same kind")
    parser.add_argument("--run", help="the run whose cells are meant (default: the latest)")
    parser.add_argument(
        "--cell", metavar="GLOB", help="of two runs or revisions, the cells to explain: as A (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout: every part and count")


def add_trace(parser: argparse.ArgumentParser) -> None:
    """`trace`."""
    parser.add_argument("trace", metavar="FILE", help="a trace of torch.profiler: .pt.trace.json, .gz or not")
    parser.add_argument("second", nargs="?", metavar="FILE", help="another, to tell what became slower or faster")
    parser.add_argument("--report", metavar="PATH.html", help="write a page with the flame graph of the step here")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout: every part and kernel")


def add_tensorboard(parser: argparse.ArgumentParser) -> None:
    """`tensorboard`."""
    parser.add_argument("run", nargs="?", help="the run (default: the latest)")
    parser.add_argument(
        "--port", type=int, default=6006, metavar="N", help="port to listen on; 0: any that is free (default: 6006)"
    )
