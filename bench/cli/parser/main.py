"""The parser: each command with its flags; those of `run` follow from the fields of Plan."""

import argparse
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NoReturn, get_args

from bench import __version__
from bench.cli.output import Colour
from bench.cli.parser import check, compare, explain
from bench.cli.parser.turn import add_turn
from bench.errors import EXIT_USAGE, BenchError, one_line
from bench.plan.plan import SETTINGS, default_of, flag, options_of, parse, shape_of
from bench.vocabulary import RACE_MEASURES, SHEET_FORMATS

DESCRIPTION = "Benchmark and compare PyTorch architectures: numbers that repeat, and one offline page."
EPILOG = """examples:
  python -m bench run                                     the quick suite on real MNIST, then the report
  python -m bench run --architectures 'resnet*' vgg4 --batch-sizes 64 256 --epochs 0
  python -m bench run --suite mine.toml --budget 10m      every flag is a key of the TOML file too
  python -m bench list architectures
  python -m bench show RUN --csv > run.csv
  python -m bench ab main                                 is the working tree slower than main?

exit codes: 0 done or pass, 1 regression, 2 usage or data error, 3 inconclusive or nothing measured,
4 not comparable, 70 an error of ours, 130 interrupted"""
# What stands for a value in the help, by what reads its text or else by its type.
_METAVARS = {
    "duration": "TIME",
    "limit": "TIME",
    "share": "PERCENT",
    "goal": "PERCENT",
    "rate": "RATE",
    "norm": "NORM",
    "augmentation": "NAME[+NAME]",
    "average": "none|swa|ema[DECAY]",
    "suite": "NAME|FILE.toml",
    "glob": "GLOB",
    "folder": "FOLDER",
    "address": "ADDRESS",
    "shape": "CxHxW",
    "size": "MEMORY",
    "part": "N/COUNT",
    "target": "NAME=PERCENT",
    "variant": "NAME=NAME",
    "loader": "LOADER",
    "int": "N",
    "str": "NAME",
}
LISTINGS = ("architectures", "optimizers", "datasets", "losses", "engines", "devices", "suites", "metrics", "runs")


def fields_of(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of Plan that the command line gives."""
    return {name: value for name in SETTINGS if (value := getattr(args, name, None)) is not None}


class _Parser(argparse.ArgumentParser):
    """Usage errors in one line, as all errors here."""

    def error(self, message: str) -> NoReturn:
        once = re.sub(r"^argument (\S+): (?=\1 )", "", message)  # a flag that the message itself begins with
        self.exit(EXIT_USAGE, f"bench: {one_line(once)} ({self.prog} --help)\n")


@cache
def build_parser() -> argparse.ArgumentParser:
    """The whole command line, which is the same for every command of a process."""
    parser = _Parser(
        prog="python -m bench",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"bench {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        whole = f"{text[0].upper()}{text[1:]}."
        parser = commands.add_parser(name, help=text, description=whole, allow_abbrev=False)
        _add_manners(parser)
        return parser

    _add_run(command("run", "measure a grid of cells, then write the report"))
    _add_report(command("report", "write the HTML page of a recorded run, or one that compares several"))
    _add_serve(command("serve", "show all reports in the browser, and a run as it goes on, on this machine alone"))
    _add_merge(command("merge", "join shards of a plan, or runs of it on several machines, to one run"))
    _add_list(command("list", "list what there is to choose from, and the recorded runs"))
    _add_show(command("show", "show a recorded run, an architecture's layers, or a checkpoint"))
    _add_score(
        command("score", "score the optimizers of a run that trained to targets: how often each is near the best")
    )
    compare.add_ab(
        command("ab", "test whether one revision, cell or environment is slower than another"), _add_settings
    )
    compare.add_calibrate(
        command("calibrate", "measure how reliably ab detects a slowdown on this machine"), _add_settings
    )
    explain.add_profile(command("profile", "profile single cells: where the time of a step goes"), _add_settings)
    explain.add_explain(command("explain", "explain why one cell or run is slower than another"))
    explain.add_trace(command("trace", "say where the time of a step goes in any trace of torch.profiler, or in two"))
    explain.add_tensorboard(command("tensorboard", "serve a run's traces and learning curves"))
    _add_doctor(command("doctor", "check whether this machine is fit to measure on"))
    check.add_baseline(command("baseline", "accept runs into a baseline, and show what it holds"))
    check.add_check(command("check", "check a recorded run against a baseline"))
    _add_history(command("history", "show all recorded runs in the order of the code, and where a level changed"))
    _add_import(command("import", "record files of pytest-benchmark as runs, or figures of timm beside them"))
    return parser


def _add_manners(parser: argparse.ArgumentParser) -> None:
    """The flags of every command."""
    parser.add_argument(
        "--traceback", action="store_true", help="where code of your own fails, print its traceback as well"
    )
    parser.add_argument(
        "--color",
        choices=get_args(Colour),
        default="auto",
        help="colours: on a terminal unless NO_COLOR is set (auto), always or never (default: auto)",
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="the run (default: the latest); of several, such as before and after, or of one that several machines "
        "measured, a page that compares them",
    )
    parser.add_argument("--figures", metavar="DIR", help="write every picture there too, as PNG, SVG and PDF")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format", choices=(*SHEET_FORMATS, "json"), help="print the table, or all as one JSON document, on stdout"
    )
    form.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen at; any but this machine's own lets others read all reports (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--port", type=int, default=8642, metavar="N", help="port to listen on; 0: any that is free (default: 8642)"
    )


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="the parts: names in results/, or paths of their folders"
    )
    parser.add_argument("--run", metavar="NAME", help="name of the merged run (default: merged and the time)")
    parser.add_argument("--no-report", action="store_true", help="do not write the HTML page")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} ({'|'.join(LISTINGS)}) [NAME ...] [--json]"
    parser.add_argument("what", choices=LISTINGS, metavar="|".join(LISTINGS))
    parser.add_argument(
        "texts", nargs="*", metavar="NAME", help="only these: what the flag of that name takes, such as FILE.py:NAME"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pairs", type=compare.count, default=4, metavar="N", help="pairs of identical cells of each kind (default: 4)"
    )
    add_turn(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cells", nargs="*", metavar="CELL", help="only these cells: ids, architectures, or globs of either"
    )
    parser.add_argument("--no-report", action="store_true", help="do not write reports/history.html")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE|FOLDER",
        help="JSON that --benchmark-json, -save or -autosave wrote, or a CSV of timm's benchmark.py; of a folder, such "
        "as .benchmarks, all that lie in it or below",
    )
    parser.add_argument(
        "--run", metavar="NAME", help="name of the run, of several what their names begin with (default: the file's)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [RUN | architecture NAME | checkpoint FILE] [options]"
    parser.add_argument("run", nargs="?", help="the run (default: the latest); or the word architecture, or checkpoint")
    parser.add_argument("name", nargs="?", help="after that word: the architecture, or the file of weights")
    parser.add_argument("--dataset", help="build the architecture for this data set, such as synthetic:3x64x64:100")
    _add_settings(parser, ["data_dir"])
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--wide", action="store_true", help="of a run: every column, with all words, whatever the width")
    form.add_argument(
        "--columns", nargs="+", metavar="METRIC", help="of a run: these columns alone, such as relative_cost accuracy"
    )
    form.add_argument("--json", action="store_true", help="one JSON document on stdout: every metric or layer")
    form.add_argument("--csv", action="store_true", help="the same as CSV: one row per cell and metric, or per layer")


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", help="the run (default: the latest)")
    parser.add_argument(
        "--by",
        choices=RACE_MEASURES,
        default="seconds",
        help="what counts to the target: seconds of training, or steps, which no neighbour changes (default: seconds)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document on stdout: scores, profiles and all times")
    form.add_argument("--csv", action="store_true", help="as CSV: a row for each optimizer and workload")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [options]"
    descriptions = options_of("text")
    _add_settings(parser, [name for name in SETTINGS if name not in descriptions])
    parser.add_argument(
        "--revisions", metavar="A..B", help="measure past revisions instead, one run each, by their own code"
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        default=10,
        help="how many revisions of A..B to measure, evenly spaced (default: 10)",
    )
    parser.add_argument("--resume", metavar="RUN", help="continue an interrupted run: measure only what is missing")
    check.add_allow_code(parser)
    add_turn(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print the cells and the expected time, and measure nothing"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")


def _add_settings(parser: argparse.ArgumentParser, names: Iterable[str], **defaults: Any) -> None:
    """A flag for each of these fields of Plan; a flag that is not given leaves the suite's own value."""
    for name in names:
        many, kind = shape_of(name)
        text = SETTINGS[name].metadata["help"]
        text = text.partition(" (default:")[0] if name in defaults else text  # the command has another
        if kind is bool:
            action, meaning = ("store_false", f"do not {text}") if default_of(name) else ("store_true", text)
            parser.add_argument(flag(name), dest=name, action=action, default=None, help=meaning)
            continue
        text += _default_note(name, text, defaults.get(name, default_of(name)))
        parser.add_argument(
            flag(name),
            dest=name,
            type=_reader(name),
            nargs="+" if many else None,
            default=None,
            metavar=_metavar(name),
            help=text,
        )


def _default_note(name: str, text: str, value: Any) -> str:
    """The default in words, unless the help `text` has it already or nothing stands for it."""
    if value in ((), "", None) or "default" in text:
        return ""
    if isinstance(value, tuple):
        words = " ".join(map(str, value))
    elif SETTINGS[name].metadata["reads"] == "share":
        words = f"{value * 100:g}%%"
    elif _metavar(name) == "TIME" and value:
        words = f"{value:g}s"
    else:
        words = f"{value:g}" if isinstance(value, float) else str(value)
    return f" (default: {words})"


def _reader(name: str) -> "argparse._ActionType":
    """Reads one value of the field; argparse shows the message of an ArgumentTypeError as it stands."""

    def read(text: str) -> object:
        try:
            return parse(name, text)
        except BenchError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def _metavar(name: str) -> str:
    metadata = SETTINGS[name].metadata
    if metadata["choices"]:
        return "{" + ",".join(metadata["choices"]) + "}"
    return _METAVARS[metadata["reads"] or shape_of(name)[1].__name__]
