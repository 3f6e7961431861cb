"""`python -m bench` and the `bench` script."""

import gc
import signal
import sys
from importlib import import_module
from pathlib import Path


def main() -> int:
    """Run the command line; its exit code. Ctrl-C is one line, also while modules are still being imported.

    What a terminal that is closed, `kill` or `timeout` send ends it as Ctrl-C does.
    """
    _end_as_by_ctrl_c()
    try:
        from bench.cli import run_command_line  # noqa: PLC0415 - workers import this module too and need no parser

        return run_command_line(sys.argv[1:])
    except (KeyboardInterrupt, ImportError, RuntimeError) as error:
        # an interrupt amid an extension module's own code comes out as an ImportError that it caused, and one amid a
        # class whose attributes learn their names as a RuntimeError
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            _say(f"it cannot start: {' '.join(str(error).split())}")
            return 70  # as bench.errors has it for what nobody foresaw
        _say("interrupted")
        return 130  # 128 + SIGINT; bench.errors may not be there either
    finally:
        _ignore_interrupts()
        # A Ctrl-C that came through an exec of text, as dataclasses make their methods, has CPython end the process by
        # SIGINT after all, whoever handled it; the next exec takes that back (run_eval_code_obj of pythonrun.c).
        exec("")  # noqa: S102 - of nothing
        gc.freeze()  # else the interpreter looks through all that pandas and matplotlib have made before it ends: 0.4 s


def _say(text: str) -> None:
    """One line on stderr, where there is one; the room that prints may not be there yet."""
    if sys.stderr is not None:  # print would take stdout instead
        try:
            print(f"bench: {text}", file=sys.stderr)  # noqa: T201 - as said
        except (OSError, ValueError):  # it is full, or lacks a letter
            return


def _end_as_by_ctrl_c() -> None:
    """Have SIGTERM and SIGHUP do so; one that is ignored, as nohup has it, stays so."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _ignore_interrupts() -> None:
    """Have none of them change an exit code that is decided: what is left to do is to end."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: None)  # for one that has come and not been handled yet
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder one stands in, where files may be named as Python's own modules are
    if getattr(sys.modules["bench"], "__file__", None) is None:  # a folder by that name goes before an editable install
        del sys.modules["bench"]
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        import_module("bench")  # from here on its modules are found through it
        del sys.path[0]
    sys.exit(main())
