"""`python -m bench` and the `bench` script."""

import gc
import sys


def main() -> int:
    """Run the command line; its exit code. Ctrl-C is one line, also while modules are still being imported."""
    try:
        from bench.cli import run_command_line  # noqa: PLC0415 - workers import this module too and need no parser

        return run_command_line(sys.argv[1:])
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)  # noqa: T201 - the room that prints may not be there yet
        return 130  # 128 + SIGINT; bench.errors may not be there either
    finally:
        gc.freeze()  # else the interpreter looks through all that pandas and matplotlib have made before it ends: 0.4 s


if __name__ == "__main__":
    sys.exit(main())
