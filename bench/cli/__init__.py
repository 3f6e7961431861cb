"""The command line: parse, call, print. The only room that prints."""

import importlib
import os
import sys
import traceback
from pathlib import Path

from bench.cli.output import Output, take_over
from bench.cli.parser.main import build_parser
from bench.errors import EXIT_INTERNAL, EXIT_PASS, EXIT_USAGE, BenchError, one_line
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
    args = build_parser().parse_args(arguments)
    if args.traceback:
        os.environ[TRACEBACK] = "1"  # workers inherit it
    try:
        # a command's module is imported only when it is called, so that --help needs neither pandas nor torch
        command = importlib.import_module(f"bench.cli.commands.{_MODULES.get(args.command, args.command)}")
        code: int = command.execute(args)
    except BenchError as error:
        _say(str(error))
        return error.exit_code
    except Exception as error:  # ours to mend; it must not look like a decision
        if isinstance(error.__cause__, KeyboardInterrupt):  # amid an import: see bench.__main__
            raise
        _say(unforeseen(error))
        return EXIT_INTERNAL
    out.flush()
    if out.trouble is None or isinstance(out.trouble, BrokenPipeError):  # the reader, such as head, has seen enough
        return code
    _say(f"cannot write to stdout: {out.trouble.strerror or out.trouble}; what was measured is recorded")
    return code if code != EXIT_PASS or args.command in _DECIDING else EXIT_USAGE


def unforeseen(error: BaseException) -> str:
    """What to say of an error that nobody foresaw: in one line what it is and where, and how to see the rest."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    reason = " ".join(str(error).split())[:200]
    return f"unforeseen error, please report it: {type(error).__name__}: {reason}{place}; --traceback shows all of it"


def _say(text: str) -> None:
    """One line on stderr, whatever the text holds."""
    print(f"bench: {one_line(text)}", file=sys.stderr)
