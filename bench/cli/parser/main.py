"""The parser: each command with its flags; those of `run` follow from the fields of Plan."""

import argparse
from collections.abc import Iterable
from typing import Any, NoReturn

from bench import __version__
from bench.cli.parser import check, compare, explain
from bench.errors import EXIT_USAGE, BenchError
from bench.plan.plan import SETTINGS, default_of, flag, options_of, parse, shape_of

DESCRIPTION = "Benchmark and compare PyTorch architectures: numbers that repeat, and one offline page."
EPILOG = """examples:
  python -m bench run                                     the quick suite on real MNIST, then the report
  python -m bench run --architectures 'resnet*' vgg4 --batch-sizes 64 256 --epochs 0
  python -m bench run --suite mine.toml --budget 10m      every flag is a key of the TOML file too
  python -m bench list architectures
  python -m bench show RUN --csv > run.csv
  python -m bench ab main                                 is the working tree slower than main?

exit codes: 0 done or pass, 1 regression, 2 usage or data error, 3 inconclusive or nothing measured,
4 not comparable, 130 interrupted"""
# What stands for a value in the help, by what reads its text or else by its type.
_METAVARS = {
    "duration": "TIME",
    "limit": "TIME",
    "share": "SHARE",
    "goal": "SHARE",
    "rate": "RATE",
    "suite": "NAME|FILE.toml",
    "glob": "GLOB",
    "folder": "FOLDER",
    "int": "N",
    "str": "NAME",
}
LISTINGS = ("architectures", "optimizers", "datasets", "suites", "metrics", "runs")


def fields_of(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of Plan that the command line gives."""
    return {name: value for name in SETTINGS if (value := getattr(args, name, None)) is not None}


class _Parser(argparse.ArgumentParser):
    """Usage errors in one line, as all errors here."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"bench: {message} ({self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="python -m bench",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"bench {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="measure a grid of cells, then write the report", allow_abbrev=False))
    report = commands.add_parser("report", help="write the HTML page of a recorded run", allow_abbrev=False)
    report.add_argument("run", nargs="?", help="the run (default: the latest)")
    listing = commands.add_parser("list", help="what there is to choose from, and what was run", allow_abbrev=False)
    listing.add_argument("what", choices=LISTINGS, metavar="|".join(LISTINGS))
    listing.add_argument("--json", action="store_true", help="one JSON document on stdout")
    _add_show(commands.add_parser("show", help="a recorded run, or an architecture's layers", allow_abbrev=False))
    compare.add_ab(
        commands.add_parser("ab", help="whether one revision, cell or setting is slower", allow_abbrev=False),
        _add_settings,
    )
    compare.add_calibrate(
        commands.add_parser(
            "calibrate", help="what ab finds on this machine, and how often it errs", allow_abbrev=False
        ),
        _add_settings,
    )
    explain.add_commands(commands, _add_settings)
    doctor = commands.add_parser("doctor", help="whether this machine is fit to measure on", allow_abbrev=False)
    doctor.add_argument("--concurrent", action="store_true", help="examine although a run is measuring here")
    doctor.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")
    check.add_baseline(
        commands.add_parser("baseline", help="accept runs, and see what was accepted", allow_abbrev=False)
    )
    check.add_check(commands.add_parser("check", help="a recorded run against a baseline", allow_abbrev=False))
    past = commands.add_parser("history", help="all recorded runs in the order of the code", allow_abbrev=False)
    past.add_argument("cells", nargs="*", metavar="CELL-GLOB", help="only the cells whose id matches")
    past.add_argument("--no-report", action="store_true", help="do not write reports/history.html")
    past.add_argument("--json", action="store_true", help="one JSON document on stdout")
    intake = commands.add_parser("import", help="record a JSON file of pytest-benchmark as a run", allow_abbrev=False)
    intake.add_argument("file", metavar="FILE.json", help="what --benchmark-json, -save or -autosave wrote")
    intake.add_argument("--run", metavar="NAME", help="name of the run (default: the file's)")
    intake.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [RUN | architecture NAME | checkpoint FILE] [options]"
    parser.add_argument("run", nargs="?", help="the run (default: the latest); or the word architecture, or checkpoint")
    parser.add_argument("name", nargs="?", help="after that word: the architecture, or the file of weights")
    parser.add_argument("--dataset", help="build the architecture for this data set, such as synthetic:3x64x64:100")
    _add_settings(parser, ["data_dir"])
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document on stdout: every metric or layer")
    form.add_argument("--csv", action="store_true", help="the same as CSV: one row per cell and metric, or per layer")


def _add_run(parser: argparse.ArgumentParser) -> None:
    descriptions = options_of("text")
    _add_settings(parser, [name for name in SETTINGS if name not in descriptions])
    parser.add_argument("--revisions", metavar="A..B", help="measure revisions of the past instead, one run each")
    parser.add_argument(
        "--steps", type=int, metavar="N", default=10, help="how many of them, evenly picked (default: 10)"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with a run that was cut short: only what is missing")
    parser.add_argument("--concurrent", action="store_true", help="run although another run is measuring here")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, its cells and the time it will take")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")


def _add_settings(parser: argparse.ArgumentParser, names: Iterable[str], **defaults: Any) -> None:
    """A flag for each of these fields of Plan; a flag that is not given leaves the suite's own value."""
    for name in names:
        many, kind = shape_of(name)
        text = SETTINGS[name].metadata["help"]
        if kind is bool:
            action, told = ("store_false", f"do not {text}") if default_of(name) else ("store_true", text)
            parser.add_argument(flag(name), dest=name, action=action, default=None, help=told)
            continue
        shown = defaults.get(name, default_of(name))
        if shown not in ((), "", None) and "default" not in text:
            plain = " ".join(map(str, shown)) if many else f"{shown:g}" if isinstance(shown, float) else shown
            text = f"{text} (default: {plain})"
        parser.add_argument(
            flag(name),
            dest=name,
            type=_reader(name),
            nargs="+" if many else None,
            default=None,
            metavar=_metavar(name),
            help=text,
        )


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
