"""The command line: parse, call, print. The only room that prints."""

import importlib
import os
import sys
import traceback
from pathlib import Path

from bench.cli.output import Output, take_over
from bench.cli.parser.main import build_parser
from bench.cli.render.notice import notice
from bench.errors import EXIT_INTERNAL, EXIT_PASS, EXIT_USAGE, BenchError, is_interrupt, reason_of
from bench.plan.origin import TRACEBACK

_MODULES = {"import": "import_"}  # a module cannot have the name of a Python keyword
_DECIDING = ("ab", "check", "run")  # their exit codes say what came out, whoever reads the text


def run_command_line(arguments: list[str]) -> int:
    """Parse `arguments`, run the command they name and return its exit code.

    Raises:
        KeyboardInterrupt: as it came, where the command keeps nothing.

    """
    before = sys.stdout, sys.stderr
    out, err = take_over()
    try:
        return _run(arguments, out)
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _run(arguments: list[str], out: Output) -> int:
    code, deciding = _code_of(arguments)
    out.flush()
    if out.trouble is None or isinstance(out.trouble, BrokenPipeError):  # the reader, such as head, has seen enough
        return code
    notice(f"cannot write to stdout: {out.trouble.strerror or out.trouble}; what was measured is recorded")
    return code if code != EXIT_PASS or deciding else EXIT_USAGE


def _code_of(arguments: list[str]) -> tuple[int, bool]:
    """The exit code, and whether it says what came out, whoever reads the text."""
    deciding = False
    try:
        args = build_parser().parse_args(arguments)
        if args.traceback:
            os.environ[TRACEBACK] = "1"  # workers inherit it
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Output):
                stream.colour = args.color
        deciding = args.command in _DECIDING
        # a command's module is imported only when it is called, so that --help needs neither pandas nor torch
        command = importlib.import_module(f"bench.cli.commands.{_MODULES.get(args.command, args.command)}")
        return int(command.execute(args)), deciding
    except SystemExit as ended:  # of --help, --version and mistakes
        return int(ended.code or EXIT_PASS), deciding
    except BenchError as error:
        notice(str(error))
        return error.exit_code, deciding
    except Exception as error:  # ours to mend; it must not look like a decision
        if is_interrupt(error):  # amid an import: see bench.__main__
            raise
        notice(unforeseen(error))
        return EXIT_INTERNAL, deciding


def unforeseen(error: BaseException) -> str:
    """What to say of an error that nobody foresaw: in one line what it is and where, and how to see the rest."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    if os.environ.get(TRACEBACK):
        print("".join(traceback.format_exception(error)), end="", file=sys.stderr)  # without a terminal's colours
    return f"unforeseen error, please report it: {reason_of(error)}{place}; --traceback shows all of it"
