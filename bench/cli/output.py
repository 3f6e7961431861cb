"""Output: stdout and stderr that may be full, closed, or of an odd encoding: that costs the text, and no decision."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Literal, TextIO

from bench.errors import visible

Colour = Literal["auto", "always", "never"]


class Output:
    """A stream that goes on when nothing can be written to it any more.

    Args:
        stream: what it writes to; None where the process was started without one.

    Attributes:
        trouble: why text was lost; None while none was.
        colour: whether colours are wanted: where a terminal shows it, always or never.

    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.trouble: OSError | None = None
        self.colour: Colour = "auto"
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console that has no "µ" still gets the rest

    def write(self, text: str) -> int:
        """Write it, if that can be; nothing in it is obeyed by a terminal."""
        self.obeyed(visible(text))
        return len(text)

    def obeyed(self, text: str) -> None:
        """Write what a terminal is to obey, if that can be: whoever calls has made the rest of it visible."""
        if self._stream is None:
            self.trouble = OSError("it is closed")
        elif self.trouble is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._lost(error)

    def flush(self) -> None:
        """Hand on what was written, if that can be."""
        if self._stream is not None and self.trouble is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lost(error)

    def isatty(self) -> bool:
        """Whether a terminal shows it."""
        return self._stream is not None and self._stream.isatty()

    @property
    def is_terminal(self) -> bool:
        """Whether a terminal shows it that obeys what it is sent."""
        return self.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")

    @property
    def colours(self) -> bool:
        """Whether it is shown in colour; NO_COLOR asks for none (no-color.org)."""
        if self.colour == "auto":
            return self.is_terminal and not os.environ.get("NO_COLOR")
        return self.colour == "always"

    def fileno(self) -> int:
        """The descriptor; OSError where there is none."""
        if self._stream is None:
            raise OSError("it is closed")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """Of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def _lost(self, error: OSError) -> None:
        """Note the trouble; what is still in the stream goes nowhere, lest the interpreter fail on it at its end."""
        self.trouble = error
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())


def take_over() -> tuple[Output, Output]:
    """Put such streams in the place of stdout and stderr."""
    _open_standard_descriptors()
    out, err = Output(sys.stdout), Output(sys.stderr)
    sys.stdout, sys.stderr = out, err
    return out, err


def _open_standard_descriptors() -> None:
    """Have descriptors 0 to 2 lead nowhere where they are closed.

    The next files to be opened, such as a run's results, would get them, and with them whatever a library prints.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free is this one
