"""The command line: parse, call, print. The only room that prints."""

import importlib
import os
import sys

from bench.cli.parser.main import build_parser
from bench.errors import BenchError
from bench.plan.origin import TRACEBACK

_MODULES = {"import": "import_"}  # a module cannot have the name of a Python keyword


def run_command_line(arguments: list[str]) -> int:
    """Parse `arguments`, run the command they name and return its exit code.

    Raises:
        KeyboardInterrupt: as it came, where the command keeps nothing.

    """
    args = build_parser().parse_args(arguments)
    if args.traceback:
        os.environ[TRACEBACK] = "1"  # workers inherit it
    try:
        # a command's module is imported only when it is called, so that --help needs neither pandas nor torch
        command = importlib.import_module(f"bench.cli.commands.{_MODULES.get(args.command, args.command)}")
        code: int = command.execute(args)
        sys.stdout.flush()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
