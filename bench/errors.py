"""Errors of usage: one line with cause, place and remedy, and the exit code of each."""

import signal
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_PASS, EXIT_REGRESSION, EXIT_USAGE, EXIT_INCONCLUSIVE, EXIT_NOT_COMPARABLE = range(5)
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as every shell has it
EXIT_INTERNAL = 70  # an error of ours; EX_SOFTWARE of sysexits(3)
LONGEST_VALUE = 40  # characters of a value that an error repeats
LONGEST_REASON = 500  # characters of what others say that an error or a result repeats


class BenchError(Exception):
    """An error that the user can fix: shown as one line, never as a traceback."""

    exit_code = EXIT_USAGE


class NotComparableError(BenchError):
    """Two things that cannot be compared, with the reason."""

    exit_code = EXIT_NOT_COMPARABLE


class OutOfTimeError(Exception):
    """The budget is spent; the caller that set it catches this and says what was left out."""


def unknown(kind: str, name: str, known: "Iterable[str]", listing: str) -> BenchError:
    """The error for a name nobody registered, with the nearest known names and the command that lists them."""
    near = nearest(name, known)
    hint = f"did you mean '{near}'? (python -m bench {listing})" if near else f"see python -m bench {listing}"
    return BenchError(f"unknown {kind} '{name}': {hint}")


def nearest(name: str, known: "Iterable[str]") -> str | None:
    """The known name that was probably meant; None where none is like it."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.5)), None)


def brief(value: object) -> str:
    """A value as an error shows it, in one line; its type where that is long, as of a tensor."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_VALUE else type(value).__name__


def message_of(error: BaseException) -> str:
    """What an error says, in one line and cut, whatever its own code makes of that."""
    try:
        text = " ".join(str(error).split())
    except BaseException as trouble:  # an error of others may say what it likes, and that may raise
        text = f"its message cannot be had: {type(trouble).__name__}"
    return cut(text)


def reason_of(error: BaseException) -> str:
    """The kind of an error and what it says, in one line."""
    message = message_of(error)
    return cut(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def cut(text: str, longest: int = LONGEST_REASON) -> str:
    """A text that others made, no longer than a person reads."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def is_ctrl_c(error: BaseException) -> bool:
    """Whether it is the user's, to end all; in a worker, which ignores Ctrl-C, the measured code has raised it."""
    return isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
