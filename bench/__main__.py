"""`python -m bench` and the `bench` script."""

import sys


def main() -> int:
    """Run the command line; its exit code."""
    from bench.cli import run_command_line  # noqa: PLC0415 - workers import this module too and need no parser

    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
