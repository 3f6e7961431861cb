"""Errors of usage: one line with cause, place and remedy, and the exit code of each."""

import re
import signal
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_PASS, EXIT_REGRESSION, EXIT_USAGE, EXIT_INCONCLUSIVE, EXIT_NOT_COMPARABLE = range(5)
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as every shell has it
EXIT_INTERNAL = 70  # an error of ours; EX_SOFTWARE of sysexits(3)
LONGEST_VALUE = 40  # characters of a value that an error repeats
LONGEST_LINE, LONGEST_WORD = 800, 350  # characters of an error; what it repeats of a file or a command may be anything
LONGEST_REASON = 500  # characters of what others say that an error or a result repeats
# What a terminal obeys or cannot show: control characters but line feed and tab, directions, lone surrogates.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD},}}")


class BenchError(Exception):
    """An error that the user can fix: shown as one line, never as a traceback."""

    exit_code = EXIT_USAGE

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


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


def one_line(text: str) -> str:
    """The text on one line that is no longer than an error may be: the middle goes, of long words first."""
    line = _LONG_WORD.sub(
        lambda word: _without_middle(word[0], LONGEST_WORD), visible(text.replace("\n", " ").replace("\t", " "))
    )
    return _without_middle(line, LONGEST_LINE)


def _without_middle(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[5 - most // 2 :]}"


def visible(text: str) -> str:
    r"""The text with what a terminal would obey as its escape, such as \x1b; line feeds and tabs are kept."""
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


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


def is_interrupt(error: BaseException) -> bool:
    """Whether it is Ctrl-C, or what an import makes of it, which raises an error of its own because of it."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


def is_ctrl_c(error: BaseException) -> bool:
    """Whether it is the user's, to end all; in a worker, which ignores Ctrl-C, the measured code has raised it."""
    return isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
